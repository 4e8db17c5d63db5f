#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// Sums per item, for few items out of many: an open-addressed table over a list in the order of first use,
/// so that memory and time grow with what was touched and results do not depend on the table.
/// Thread-compatible.
class SparseScores {
 public:
  /// expected: how many items; more are fine.
  explicit SparseScores(std::size_t expected = 0) { resize(std::bit_ceil(2 * expected + 16)); }

  /// Returns the item's place in entries().
  std::size_t add(ItemId item, double value) {
    std::size_t s = slot(item);
    if (slots_[s] != kFree) {
      entries_[slots_[s]].score += value;
      return slots_[s];
    }
    if (2 * (entries_.size() + 1) > slots_.size()) {
      resize(2 * slots_.size());
      s = slot(item);
    }
    slots_[s] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({item, value});
    return entries_.size() - 1;
  }

  /// Replaces each sum by change(item, sum).
  template <class Change>
  void transform(const Change& change) {
    for (ScoredItem& entry : entries_) entry.score = change(entry.item, entry.score);
  }

  /// 0 for an item that was never added.
  double operator[](ItemId item) const {
    const std::uint32_t entry = slots_[slot(item)];
    return entry == kFree ? 0 : entries_[entry].score;
  }

  /// In the order of their first add().
  const std::vector<ScoredItem>& entries() const noexcept { return entries_; }

  /// Keeps the memory. Newest first: only then does no freed slot cut another item off from its own.
  void clear() {
    for (; !entries_.empty(); entries_.pop_back()) slots_[slot(entries_.back().item)] = kFree;
  }

 private:
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

  /// Where the item is, or the free slot where it belongs. Fibonacci hashing, linear probing.
  std::size_t slot(ItemId item) const {
    std::size_t s = item * 0x9e3779b97f4a7c15ull >> shift_;
    while (slots_[s] != kFree && entries_[slots_[s]].item != item) s = (s + 1) & (slots_.size() - 1);
    return s;
  }
  void resize(std::size_t size) {
    shift_ = 64 - std::countr_zero(size);
    slots_.assign(size, kFree);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      slots_[slot(entries_[i].item)] = static_cast<std::uint32_t>(i);
    }
  }

  int shift_ = 0;
  std::vector<std::uint32_t> slots_;
  std::vector<ScoredItem> entries_;
};

/// The distinct items of a session (oldest first) for which knows(item) holds, newest first, at most `most`.
/// An item that comes again has the place of its newest event.
template <class Knows>
std::vector<ItemId> newest_distinct(std::span<const ItemId> session, std::size_t most, const Knows& knows) {
  SparseScores found;
  for (std::size_t i = session.size(); i-- > 0 && found.entries().size() < most;) {
    if (knows(session[i])) found.add(session[i], 0);
  }
  std::vector<ItemId> newest;
  for (const ScoredItem& entry : found.entries()) newest.push_back(entry.item);
  return newest;
}

}  // namespace segue::index
