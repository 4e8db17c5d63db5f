#pragma once

#include <numeric>
#include <vector>

#include "index/model/random_stream.h"
#include "index/model/training_data.h"
#include "index/model/transformer_weights.h"

namespace segue::index {

/// Weights that no training made: every parameter random, so that nothing is hidden behind a zero or a one.
inline TransformerWeights random_weights(const TransformerConfig& config, std::size_t items,
                                         std::uint64_t seed) {
  std::vector<ItemId> vocabulary(items);
  for (std::size_t i = 0; i < items; ++i)
    vocabulary[i] = static_cast<ItemId>(2 * i + 1);  // even ids are unknown
  TransformerWeights weights(config, vocabulary);
  RandomStream random(seed);
  for (float& x : weights.flat_body()) x += 0.2f * random.normal();
  const kernels::Matrix table = weights.items();
  for (std::size_t r = 0; r < table.rows; ++r) {
    for (float& x : table.row_span(r)) x = 0.3f * random.normal();
  }
  return weights;
}

inline void append_sequence(TrainingData& data, const std::vector<ItemId>& items) {
  data.append(items, std::vector<float>(items.size(), 1.0f));
}

}  // namespace segue::index
