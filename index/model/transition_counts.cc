#include "index/model/transition_counts.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "index/model/sparse_scores.h"
#include "index/top_items.h"

namespace segue::index {

namespace {

constexpr std::size_t kRowsPerBlock = 64;
constexpr std::size_t kBlocksPerReport = 64;

/// The events of a log by item, and the pairs that an event makes with its neighbours.
class PairCounter {
 public:
  PairCounter(const TrainingData& data, const TransitionOptions& options)
      : data_(data), options_(options), sequence_of_(data.items.size()), begin_(data.item_count + 1) {
    for (std::size_t s = 0; s < data.sequences(); ++s) {
      std::fill(sequence_of_.begin() + static_cast<std::ptrdiff_t>(data.offsets[s]),
                sequence_of_.begin() + static_cast<std::ptrdiff_t>(data.offsets[s + 1]), s);
    }
    for (const ItemId item : data.items) ++begin_[item + 1];
    for (std::size_t i = 0; i < data.item_count; ++i) begin_[i + 1] += begin_[i];
    events_.resize(data.items.size());
    std::vector<std::size_t> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t e = 0; e < data.items.size(); ++e) events_[next[data.items[e]]++] = e;

    for (std::size_t d = 1; d <= options.max_distance; ++d) {
      by_distance_.push_back(std::pow(static_cast<double>(d), -options.distance_exponent));
    }
    for (const float weight : data.weights) roots_.push_back(std::sqrt(weight));
    // Column sums need every row, but only the same pairs seen from the other end.
    column_sums_.resize(data.item_count);
    for (std::size_t e = 0; e < data.items.size(); ++e) {
      for_each_pair(e, options.symmetry, 1,
                    [&](ItemId, double count) { column_sums_[data.items[e]] += count; });
    }
  }

  /// Row `item` of the model, strongest first.
  std::vector<ScoredItem> row(ItemId item, SparseScores& sums) const {
    sums.clear();
    double row_sum = 0;
    for (const std::size_t event : events_of(item)) {
      for_each_pair(event, 1, options_.symmetry, [&](ItemId other, double count) {
        sums.add(other, count);
        row_sum += count;
      });
    }
    std::vector<ScoredItem> row;
    const double row_damping = std::pow(row_sum, options_.row_exponent);
    for (const ScoredItem& entry : sums.entries()) {
      const double column_damping = std::pow(column_sums_[entry.item], options_.column_exponent);
      const double value = static_cast<float>(entry.score / (row_damping * column_damping));
      if (value > 0) row.push_back({entry.item, value});
    }
    keep_best(row, options_.max_neighbours);
    return row;
  }

 private:
  std::span<const std::size_t> events_of(ItemId item) const {
    return {events_.data() + begin_[item], begin_[item + 1] - begin_[item]};
  }

  /// Calls visit(other item, count) for the events after `event`, times `forward`, and those before it, times
  /// `backward`.
  template <class Visit>
  void for_each_pair(std::size_t event, double forward, double backward, const Visit& visit) const {
    const std::size_t begin = data_.offsets[sequence_of_[event]];
    const std::size_t end = data_.offsets[sequence_of_[event] + 1];
    const std::size_t after = std::min(options_.max_distance, end - 1 - event);
    const std::size_t before = std::min(options_.max_distance, event - begin);
    for (std::size_t d = 1; d <= after; ++d) {
      visit(data_.items[event + d], forward * by_distance_[d - 1] * roots_[event] * roots_[event + d]);
    }
    if (backward == 0) return;
    for (std::size_t d = 1; d <= before; ++d) {
      visit(data_.items[event - d], backward * by_distance_[d - 1] * roots_[event] * roots_[event - d]);
    }
  }

  const TrainingData& data_;
  const TransitionOptions& options_;
  std::vector<std::size_t> sequence_of_;  // by event
  std::vector<std::size_t> begin_;        // by item: its events in events_
  std::vector<std::size_t> events_;
  std::vector<double> by_distance_;
  std::vector<double> roots_;  // square roots of the events' weights
  std::vector<double> column_sums_;
};

}  // namespace

TransitionRows count_transitions(const TrainingData& data, const TransitionOptions& options,
                                 kernels::ThreadPool& pool, Progress& progress) {
  const PairCounter counter(data, options);
  TransitionRows rows;
  std::vector<std::vector<ScoredItem>> chunk(kRowsPerBlock * kBlocksPerReport);
  for (std::size_t first = 0; first < data.item_count; first += chunk.size()) {
    const std::size_t count = std::min(chunk.size(), data.item_count - first);
    pool.run((count + kRowsPerBlock - 1) / kRowsPerBlock, [&](std::size_t block) {
      SparseScores sums;
      for (std::size_t r = block * kRowsPerBlock; r < std::min(count, (block + 1) * kRowsPerBlock); ++r) {
        chunk[r] = counter.row(static_cast<ItemId>(first + r), sums);
      }
    });
    for (std::size_t r = 0; r < count; ++r) {
      for (const ScoredItem& entry : chunk[r]) {
        rows.successors.push_back(static_cast<std::int32_t>(entry.item));
        rows.values.push_back(static_cast<float>(entry.score));
      }
      rows.offsets.push_back(static_cast<std::int64_t>(rows.successors.size()));
    }
    progress.update(static_cast<double>(first + count), static_cast<double>(data.item_count));
    progress.check();
  }
  return rows;
}

}  // namespace segue::index
