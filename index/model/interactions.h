#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/training_data.h"

namespace segue::index {

/// The pairs of one side in compressed form: row r's partners, rising, with the summed weight of each pair's
/// events.
struct PairRows {
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> others;
  std::vector<float> weights;

  std::span<const std::uint32_t> others_of(std::size_t row) const {
    return {others.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
  std::span<const float> weights_of(std::size_t row) const {
    return {weights.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
};

/// Which users (sequences) had events on which items, seen from both sides. Items are rows of the vocabulary:
/// the items that have events, rising. Immutable.
class Interactions {
 public:
  explicit Interactions(const TrainingData& data);

  std::span<const ItemId> vocabulary() const noexcept { return vocabulary_; }
  const PairRows& by_user() const noexcept { return by_user_; }  ///< others: rows of the vocabulary
  const PairRows& by_item() const noexcept { return by_item_; }  ///< others: sequences

 private:
  std::vector<ItemId> vocabulary_;
  PairRows by_user_;
  PairRows by_item_;
};

}  // namespace segue::index
