#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/training_data.h"
#include "index/model/transformer_gradients.h"

namespace segue::index {

/// How an epoch is cut into steps: a step ends before the window that would pass either limit.
struct BatchLimits {
  std::size_t window = 50;       ///< the most positions of a window
  std::size_t sequences = 256;   ///< the most windows of a step
  std::size_t positions = 1600;  ///< the most positions of a step, unless one window alone has more
  /// Probability with which an event is dealt without its context, and a position without that of the moment
  /// it predicts for, each drawn by itself: so sessions and requests without any are nothing new to a model.
  float context_dropout = 0;
};

/// Deals out a log's sequences as windows, every position once per epoch, in an order drawn anew for each
/// epoch. A sequence that fits the window comes whole; a longer one is cut into windows from a random offset,
/// so that each of its events is seen at many positions over the epochs. Sequences of fewer than two items
/// are left out. Batches hold views of the context sets, which the data and this keep. Thread-compatible.
class TrainingWindows {
 public:
  explicit TrainingWindows(const TrainingData& data);
  /// From here on as if the data had none.
  void forget_contexts();

  /// Items that occur in a sequence of two or more, rising: the vocabulary. Rows below are places in it.
  std::span<const ItemId> vocabulary() const { return vocabulary_; }
  /// Events of each row.
  std::span<const std::uint32_t> frequency() const { return frequency_; }
  /// How many values of context there are; 0: none is known of any event.
  std::size_t contexts() const { return sets_ == nullptr ? 0 : sets_->values(); }
  /// Positions of an epoch: all events but the first of each sequence.
  std::size_t positions() const { return positions_; }
  std::size_t sequences() const { return offsets_.size() - 1; }
  std::span<const std::uint32_t> sequence(std::size_t s) const {
    return {rows_.data() + offsets_[s], offsets_[s + 1] - offsets_[s]};
  }

  /// Begins an epoch; its order depends on the seed and the number alone.
  void start_epoch(const BatchLimits& limits, std::uint64_t seed, std::size_t epoch);
  /// Steps of the epoch that was begun.
  std::size_t steps() const;
  /// Fills the next batch of the epoch. False when it is over.
  bool next(TrainingBatch& batch);

 private:
  /// Positions [begin, begin + length) of rows_ as inputs, each one's successor as its target.
  struct Window {
    std::size_t begin;
    std::size_t length;
  };

  void deal_contexts(const Window& window, TrainingBatch& batch) const;
  /// The end of the step that begins with a window.
  std::size_t step_end(std::size_t first) const;

  std::vector<ItemId> vocabulary_;
  std::vector<std::uint32_t> frequency_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> contexts_;  // by place in rows_; empty: none are known
  std::shared_ptr<const ContextSets> sets_;
  std::vector<std::size_t> offsets_{0};
  std::size_t positions_ = 0;
  BatchLimits limits_;
  std::uint64_t context_seed_ = 0;
  std::vector<Window> windows_;
  std::size_t next_ = 0;
};

}  // namespace segue::index
