#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/training_data.h"

namespace segue::index {

/// The sequences of a log as sets that remember their order: each item once, at the place of its newest
/// event, with the summed weight of all its events. Sequence s is [offsets[s], offsets[s + 1]), oldest item
/// first; sequence 0 is the newest: the one whose last event is the latest or, where times are unknown, the
/// last in the data.
struct DistinctSequences {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  std::vector<float> weights;

  std::size_t sequences() const { return offsets.size() - 1; }
  std::size_t length(std::size_t s) const { return static_cast<std::size_t>(offsets[s + 1] - offsets[s]); }
};

/// Keeps the `max_items` newest items of each sequence. Sequences of fewer than two items relate nothing to
/// anything and are left out.
DistinctSequences distinct_sequences(const TrainingData& data, std::size_t max_items);

/// Which sequences hold an item: those of item i are [offsets[i], offsets[i + 1]), newest first. `weights`
/// are those of the item in them.
struct ItemSequences {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> sequences;
  std::vector<float> weights;
};

/// The transpose. Each item keeps its `max_sequences` newest ones.
ItemSequences sequences_by_item(const DistinctSequences& sequences, std::size_t item_count,
                                std::size_t max_sequences);

}  // namespace segue::index
