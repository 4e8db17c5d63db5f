#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// The items that hold a term, decoded once into flat arrays. Immutable when shared.
struct Postings {
  std::vector<ItemId> items;  ///< rising
  std::vector<std::uint32_t>
      frequencies;  ///< of the term in each item; empty: 1 each (fields that are not text)
  std::uint64_t document_frequency = 0;  ///< items that count: of every kind but `query`
  std::uint32_t max_frequency = 1;       ///< the largest of frequencies
  std::int32_t min_length = 0;           ///< the shortest length among the items; of text fields

  double frequency(std::size_t i) const { return frequencies.empty() ? 1 : frequencies[i]; }
  std::size_t bytes() const {
    return sizeof(*this) + items.capacity() * sizeof(ItemId) + frequencies.capacity() * sizeof(std::uint32_t);
  }
};

using SharedPostings = std::shared_ptr<const Postings>;

}  // namespace segue::index
