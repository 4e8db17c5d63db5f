#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
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

/// The k items that rank before all others among those offered, each offered once. Thread-compatible.
class TopItems {
 public:
  explicit TopItems(std::size_t k) : k_(k) {}

  void offer(const ScoredItem& candidate) {
    if (heap_.size() == k_) {
      if (k_ == 0 || !ranks_before(candidate, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), ranks_before);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), ranks_before);
  }

  /// The score that an item behind all that were offered must exceed to get in.
  double floor() const {
    if (k_ == 0) return std::numeric_limits<double>::infinity();
    return heap_.size() == k_ ? heap_.front().score : -std::numeric_limits<double>::infinity();
  }

  /// In the order of ranks_before; leaves this empty.
  std::vector<ScoredItem> take() {
    std::sort_heap(heap_.begin(), heap_.end(), ranks_before);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<ScoredItem> heap_;  // the last in rank in front
};

}  // namespace segue::index
