#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

#include "index/item.h"

namespace segue::index {

/// The first position of a list at or after `at` whose item is not below target; entries rise by item, and
/// `item` gives the item of an entry. Steps double, since targets are mostly near.
template <class List, class Item = std::identity>
std::size_t gallop(const List& list, std::size_t at, ItemId target, Item item = {}) {
  std::size_t step = 1;
  std::size_t end = at;
  while (end < list.size() && std::invoke(item, list[end]) < target) {
    at = end + 1;
    end += step;
    step *= 2;
  }
  end = std::min(end, list.size());
  const auto begin = list.begin();
  const auto found =
      std::partition_point(begin + static_cast<std::ptrdiff_t>(at), begin + static_cast<std::ptrdiff_t>(end),
                           [&](const auto& entry) { return std::invoke(item, entry) < target; });
  return static_cast<std::size_t>(found - begin);
}

}  // namespace segue::index
