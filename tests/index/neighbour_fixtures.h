#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "index/model/session_model.h"
#include "index/model/training_data.h"
#include "tests/index/model_fixtures.h"

namespace segue::index::testing {

/// Random sequences, with repeats, empty ones and ones of a single item, and weights from 0.5 to 3.5.
inline TrainingData random_sequences(std::size_t items, std::size_t sequences, std::uint64_t seed) {
  RandomStream random(seed);
  TrainingData data;
  data.item_count = items;
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> sequence(random.below(15));
    std::vector<float> weights;
    for (ItemId& item : sequence) {
      item = any_item(random, items);
      weights.push_back(0.5f + static_cast<float>(random.below(4)));
    }
    data.append(sequence, weights);
  }
  return data;
}

/// A training sequence as a naive reference sees it: items in the order of their newest events.
struct NaiveSequence {
  std::vector<ItemId> items;    // oldest first
  std::vector<double> weights;  // summed

  int place(ItemId item) const {
    const auto found = std::find(items.begin(), items.end(), item);
    return found == items.end() ? -1 : static_cast<int>(found - items.begin());
  }
};

/// Newest first, those with at least two items, cut to their `max_items` newest.
inline std::vector<NaiveSequence> naive_sequences(const TrainingData& data, std::size_t max_items) {
  std::vector<NaiveSequence> all;
  for (std::size_t s = data.sequences(); s-- > 0;) {
    NaiveSequence one;
    const auto items = data.sequence(s);
    for (std::size_t e = 0; e < items.size(); ++e) {
      const bool last =
          std::find(items.begin() + static_cast<std::ptrdiff_t>(e) + 1, items.end(), items[e]) == items.end();
      if (!last) continue;
      double weight = 0;
      for (std::size_t o = 0; o < items.size(); ++o)
        weight += items[o] == items[e] ? data.sequence_weights(s)[o] : 0;
      one.items.push_back(items[e]);
      one.weights.push_back(weight);
    }
    if (one.items.size() > max_items) {
      const auto cut = static_cast<std::ptrdiff_t>(one.items.size() - max_items);
      one.items.erase(one.items.begin(), one.items.begin() + cut);
      one.weights.erase(one.weights.begin(), one.weights.begin() + cut);
    }
    if (one.items.size() >= 2) all.push_back(one);
  }
  return all;
}

/// ln(1 + sequences / sequences with the item); 0 for none.
inline double naive_idf(const std::vector<NaiveSequence>& sequences, ItemId item) {
  double with = 0;
  for (const NaiveSequence& one : sequences) with += one.place(item) >= 0;
  return with == 0 ? 0 : std::log(1 + static_cast<double>(sequences.size()) / with);
}

/// The session's distinct items, newest first, at most `most`.
inline std::vector<ItemId> naive_newest(const std::vector<ItemId>& session, std::size_t most) {
  std::vector<ItemId> newest;
  for (auto item = session.rbegin(); item != session.rend() && newest.size() < most; ++item) {
    if (std::find(newest.begin(), newest.end(), *item) == newest.end()) newest.push_back(*item);
  }
  return newest;
}

inline std::vector<double> all_scores(const EncodedSession& session, std::size_t items) {
  std::vector<double> scores(items);
  session.score_all(scores);
  return scores;
}

/// Two circles of tastes that share no item: sequences stay in one of them, but for a little noise.
inline TrainingData two_tastes(ItemId items, std::size_t sequences, std::uint64_t seed) {
  RandomStream random(seed);
  TrainingData data;
  data.item_count = items;
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> sequence(8);
    for (ItemId& item : sequence) {
      const std::size_t taste = random.below(10) == 0 ? random.below(2) : s % 2;
      item = static_cast<ItemId>(taste * items / 2 + random.below(items / 2));
    }
    data.append(sequence, std::vector<float>(sequence.size(), 1.0f));
  }
  return data;
}

}  // namespace segue::index::testing
