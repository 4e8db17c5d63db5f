#include "index/model/sequence_index.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "index/model/metadata.h"

namespace segue::index {

std::vector<float> idf_of(std::size_t sequences, std::span<const std::int32_t> items,
                          std::size_t item_count) {
  std::vector<std::uint32_t> counts(item_count);
  for (const std::int32_t item : items) ++counts[static_cast<std::size_t>(item)];
  std::vector<float> idf(item_count);
  for (std::size_t i = 0; i < item_count; ++i) {
    if (counts[i] > 0) idf[i] = static_cast<float>(std::log1p(static_cast<double>(sequences) / counts[i]));
  }
  return idf;
}

SequenceIndex::SequenceIndex(DistinctSequences from, ItemSequences by_item)
    : own_sequences_(std::move(from)), own_by_item_(std::move(by_item)) {
  sequence_offsets_ = own_sequences_.offsets;
  sequence_items_ = own_sequences_.items;
  sequence_weights_ = own_sequences_.weights;
  item_offsets_ = own_by_item_.offsets;
  item_sequences_ = own_by_item_.sequences;
  item_weights_ = own_by_item_.weights;
  idf_ = idf_of(sequences(), sequence_items_, item_offsets_.size() - 1);
}

SequenceIndex::SequenceIndex(std::shared_ptr<const Safetensors> file, std::size_t item_count)
    : file_(std::move(file)) {
  sequence_offsets_ = file_->i64("sequence_offsets");
  sequence_items_ = file_->i32("sequence_items");
  sequence_weights_ = file_->vector("sequence_weights", sequence_items_.size());
  item_offsets_ = file_->i64("item_offsets");
  item_sequences_ = file_->i32("item_sequences");
  item_weights_ = file_->vector("item_weights", item_sequences_.size());
  if (sequence_offsets_.empty() || !are_offsets(sequence_offsets_, sequences(), sequence_items_.size()))
    refuse(*file_, "sequence_offsets do not divide the items among the sequences");
  if (!are_offsets(item_offsets_, item_count, item_sequences_.size())) {
    refuse(*file_, "item_offsets do not divide the sequences among " + std::to_string(item_count) + " items");
  }
  for (const std::int32_t item : sequence_items_) {
    if (item < 0 || static_cast<std::size_t>(item) >= item_count)
      refuse(*file_, "sequence_items holds " + std::to_string(item) + ", which is no item");
  }
  for (std::size_t i = 0; i < item_count; ++i) {
    std::int64_t before = -1;
    for (const std::int32_t sequence : sequences_of(static_cast<ItemId>(i))) {
      if (sequence <= before || static_cast<std::size_t>(sequence) >= sequences())
        refuse(*file_, "item_sequences of item " + std::to_string(i) + " are not rising sequences");
      before = sequence;
    }
  }
  idf_ = idf_of(sequences(), sequence_items_, item_count);
}

void SequenceIndex::add_to(SafetensorsWriter& writer) const {
  writer.add("sequence_offsets", {sequence_offsets_.size()}, sequence_offsets_);
  writer.add("sequence_items", {sequence_items_.size()}, sequence_items_);
  writer.add("sequence_weights", {sequence_weights_.size()}, sequence_weights_);
  writer.add("item_offsets", {item_offsets_.size()}, item_offsets_);
  writer.add("item_sequences", {item_sequences_.size()}, item_sequences_);
  writer.add("item_weights", {item_weights_.size()}, item_weights_);
}

float SequenceIndex::weight_in(ItemId item, std::uint32_t sequence) const {
  const auto kept = sequences_of(item);
  const auto found = std::lower_bound(kept.begin(), kept.end(), static_cast<std::int32_t>(sequence));
  if (found == kept.end() || *found != static_cast<std::int32_t>(sequence)) return 0;
  return weights_in(item)[static_cast<std::size_t>(found - kept.begin())];
}

}  // namespace segue::index
