#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/event.h"
#include "index/item.h"

namespace segue::index {

/// What models learn from: sequences of items, flattened, and the catalogue's size. Sequence s is
/// items[offsets[s] .. offsets[s + 1]), oldest first; weights has one entry per item event.
struct TrainingData {
  std::size_t item_count = 0;
  std::vector<std::size_t> offsets{0};
  std::vector<ItemId> items;
  std::vector<float> weights;

  std::size_t sequences() const { return offsets.size() - 1; }
  std::span<const ItemId> sequence(std::size_t s) const {
    return {items.data() + offsets[s], offsets[s + 1] - offsets[s]};
  }
  std::span<const float> sequence_weights(std::size_t s) const {
    return {weights.data() + offsets[s], offsets[s + 1] - offsets[s]};
  }
  void append(std::span<const ItemId> sequence_items, std::span<const float> sequence_weights) {
    items.insert(items.end(), sequence_items.begin(), sequence_items.end());
    weights.insert(weights.end(), sequence_weights.begin(), sequence_weights.end());
    offsets.push_back(items.size());
  }
};

/// A sequence of which the last event is to be predicted from the events before it.
struct HeldOut {
  std::vector<ItemId> prefix;  ///< oldest first, at least one
  ItemId target = kNoItem;
};

}  // namespace segue::index
