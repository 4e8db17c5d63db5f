#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/distinct_sequences.h"
#include "index/safetensors.h"

namespace segue::index {

/// By item: ln(1 + sequences / sequences that hold it), 0 where none does.
std::vector<float> idf_of(std::size_t sequences, std::span<const std::int32_t> items, std::size_t item_count);

/// The training sequences as neighbours of a session: what each holds, and for each item the newest sequences
/// that hold it. Sequence 0 is the newest. Weights are the owner's to define. Immutable, thread-safe; views
/// of a file or of its own memory.
class SequenceIndex {
 public:
  /// by_item must come from the same sequences.
  SequenceIndex(DistinctSequences from, ItemSequences by_item);
  /// The tensors of add_to(), mapped. Throws Error (kDamagedStore) for rows that do not fit each other or the
  /// catalogue's item count.
  SequenceIndex(std::shared_ptr<const Safetensors> file, std::size_t item_count);

  /// sequence_offsets I64 [sequences + 1], sequence_items I32 [pairs], sequence_weights F32 [pairs],
  /// item_offsets I64 [items + 1], item_sequences I32 [kept], item_weights F32 [kept].
  void add_to(SafetensorsWriter& writer) const;

  std::size_t sequences() const noexcept { return sequence_offsets_.size() - 1; }
  /// Oldest first, each item once.
  std::span<const std::int32_t> items_of(std::size_t sequence) const {
    return row(sequence_items_, sequence_offsets_, sequence);
  }
  std::span<const float> weights_of(std::size_t sequence) const {
    return row(sequence_weights_, sequence_offsets_, sequence);
  }
  /// The sequences kept for an item, newest first (rising); none for an item that it does not know.
  std::span<const std::int32_t> sequences_of(ItemId item) const {
    return item + std::size_t{1} < item_offsets_.size() ? row(item_sequences_, item_offsets_, item)
                                                        : std::span<const std::int32_t>();
  }
  /// Of the item in each of them.
  std::span<const float> weights_in(ItemId item) const {
    return item + std::size_t{1} < item_offsets_.size() ? row(item_weights_, item_offsets_, item)
                                                        : std::span<const float>();
  }
  /// Whether `sequence` is kept for `item`, and the item's weight there: 0 when it is not.
  float weight_in(ItemId item, std::uint32_t sequence) const;
  /// ln(1 + sequences / sequences with the item): rare items say more. 0 for an item in none.
  double idf(ItemId item) const { return item < idf_.size() ? idf_[item] : 0; }

 private:
  template <class Element>
  static std::span<const Element> row(std::span<const Element> flat, std::span<const std::int64_t> offsets,
                                      std::size_t r) {
    return flat.subspan(static_cast<std::size_t>(offsets[r]),
                        static_cast<std::size_t>(offsets[r + 1] - offsets[r]));
  }
  std::span<const std::int64_t> sequence_offsets_;
  std::span<const std::int32_t> sequence_items_;
  std::span<const float> sequence_weights_;
  std::span<const std::int64_t> item_offsets_;
  std::span<const std::int32_t> item_sequences_;
  std::span<const float> item_weights_;
  std::vector<float> idf_;  // by item
  std::shared_ptr<const Safetensors> file_;
  DistinctSequences own_sequences_;
  ItemSequences own_by_item_;
};

}  // namespace segue::index
