#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// The k best of a stream of items, exactly: falling score, then rising item, whatever the order in which
/// they come. A score that is not finite is left out. Thread-compatible.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) {}

  void add(const ScoredItem& entry) {
    if (heap_.size() == k_ && !(k_ > 0 && ranks_before(entry, heap_.front()))) return;
    if (!(entry.score - entry.score == 0)) return;
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), ranks_before);
      heap_.pop_back();
    }
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), ranks_before);
  }

  std::vector<ScoredItem> ranking() && {
    std::sort_heap(heap_.begin(), heap_.end(), ranks_before);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<ScoredItem> heap_;  // the worst of them in front
};

}  // namespace segue::index
