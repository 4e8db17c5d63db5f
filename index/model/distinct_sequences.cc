#include "index/model/distinct_sequences.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "index/model/sparse_scores.h"

namespace segue::index {
namespace {

/// Sequences of the data, the newest first. One without a time stays behind the last that has one.
std::vector<std::size_t> newest_first(const TrainingData& data) {
  std::vector<std::size_t> order(data.sequences());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (data.times.empty()) return order;
  std::vector<double> last(data.sequences(), -std::numeric_limits<double>::infinity());
  for (std::size_t s = 0; s < last.size(); ++s) {
    const std::size_t end = data.offsets[s + 1];
    if (end > data.offsets[s] && !std::isnan(data.times[end - 1])) last[s] = data.times[end - 1];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return last[a] > last[b]; });
  return order;
}

}  // namespace

DistinctSequences distinct_sequences(const TrainingData& data, std::size_t max_items) {
  if (data.sequences() > std::numeric_limits<std::int32_t>::max())
    throw std::invalid_argument("more than 2^31 - 1 sequences");
  DistinctSequences distinct;
  SparseScores weights;
  for (const std::size_t s : newest_first(data)) {
    const auto items = data.sequence(s);
    const auto event_weights = data.sequence_weights(s);
    weights.clear();
    for (std::size_t e = items.size(); e-- > 0;) weights.add(items[e], event_weights[e]);
    const auto& entries = weights.entries();  // in the order of first use: newest item first
    const std::size_t count = std::min(entries.size(), max_items);
    if (count < 2) continue;
    for (std::size_t i = count; i-- > 0;) {
      distinct.items.push_back(static_cast<std::int32_t>(entries[i].item));
      distinct.weights.push_back(static_cast<float>(entries[i].score));
    }
    distinct.offsets.push_back(static_cast<std::int64_t>(distinct.items.size()));
  }
  return distinct;
}

ItemSequences sequences_by_item(const DistinctSequences& sequences, std::size_t item_count,
                                std::size_t max_sequences) {
  std::vector<std::size_t> counts(item_count);
  for (const std::int32_t item : sequences.items) ++counts[static_cast<std::size_t>(item)];
  ItemSequences by_item;
  by_item.offsets.push_back(0);
  for (std::size_t& count : counts) {
    by_item.offsets.push_back(by_item.offsets.back() +
                              static_cast<std::int64_t>(std::min(count, max_sequences)));
    count = 0;  // from here on: how many are filled
  }
  by_item.sequences.resize(static_cast<std::size_t>(by_item.offsets.back()));
  by_item.weights.resize(by_item.sequences.size());
  for (std::size_t s = 0; s < sequences.sequences(); ++s) {
    for (auto p = sequences.offsets[s]; p < sequences.offsets[s + 1]; ++p) {
      const auto item = static_cast<std::size_t>(sequences.items[static_cast<std::size_t>(p)]);
      if (counts[item] == max_sequences) continue;
      const auto at = static_cast<std::size_t>(by_item.offsets[item]) + counts[item]++;
      by_item.sequences[at] = static_cast<std::int32_t>(s);
      by_item.weights[at] = sequences.weights[static_cast<std::size_t>(p)];
    }
  }
  return by_item;
}

}  // namespace segue::index
