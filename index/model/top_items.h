#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// Keeps the k best by (falling score, rising item), in that order.
inline void keep_best(std::vector<ScoredItem>& items, std::size_t k) {
  if (k < items.size()) {
    std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k), items.end(),
                     ranks_before);
    items.resize(k);
  }
  std::sort(items.begin(), items.end(), ranks_before);
}

}  // namespace segue::index
