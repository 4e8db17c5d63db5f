#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// A set of rows of one catalogue, as a bitmap of size() bits. Thread-compatible.
class ItemSet {
 public:
  explicit ItemSet(std::size_t size = 0, bool full = false) : size_(size), words_((size + 63) / 64, full ? ~0ull : 0) {
    if (full && size % 64 != 0) words_.back() = (1ull << size % 64) - 1;
  }

  std::size_t size() const noexcept { return size_; }
  bool contains(ItemId item) const { return item < size_ && (words_[item / 64] >> (item % 64) & 1) != 0; }
  void insert(ItemId item) { words_[item / 64] |= 1ull << (item % 64); }
  void erase(ItemId item) { words_[item / 64] &= ~(1ull << (item % 64)); }

  std::size_t count() const {
    std::size_t n = 0;
    for (const std::uint64_t word : words_) n += static_cast<std::size_t>(std::popcount(word));
    return n;
  }
  /// Keeps what is in both. Sizes must be equal.
  void intersect(const ItemSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  /// Removes what is in other. Sizes must be equal.
  void subtract(const ItemSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }
  /// Bit i of word i / 64 is item i; bits from size() on are 0.
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::size_t size_;
  std::vector<std::uint64_t> words_;
};

}  // namespace segue::index
