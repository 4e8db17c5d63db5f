#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "index/model/random_stream.h"
#include "index/model/training_data.h"

namespace segue::index::testing {

/// Size of a generated listening log; by default that of last.fm 360K, the usual yardstick of implicit ALS.
struct AlsProblem {
  std::size_t users = 358'868;
  std::size_t items = 292'385;
  double mean_length = 49.04;  ///< distinct items of a user: log-normal with sigma 1, at most 10,000
  double zipf_shift = 20;      ///< item of rank k has probability in proportion to 1 / (k + shift)
  std::size_t tastes = 64;     ///< half of a user's draws move to the nearest rank of the user's own taste
  double heaviest = 100;       ///< plays of a pair: Pareto with exponent 1.2, at most this
  std::uint64_t seed = 1;
};

/// The log of the problem, each pair once, its plays as the event's weight. Ranks are shuffled into item ids.
inline TrainingData generate(const AlsProblem& problem) {
  RandomStream random(problem.seed);
  std::vector<double> cumulative(problem.items);
  double sum = 0;
  for (std::size_t k = 0; k < problem.items; ++k) {
    sum += 1 / (static_cast<double>(k) + 1 + problem.zipf_shift);
    cumulative[k] = sum;
  }
  std::vector<ItemId> ids(problem.items);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<ItemId>(i);
  for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[random.below(i)]);

  TrainingData data;
  data.item_count = problem.items;
  std::vector<std::uint32_t> last_user(problem.items, UINT32_MAX);
  std::vector<ItemId> sequence;
  std::vector<float> weights;
  const double mu = std::log(problem.mean_length) - 0.5;
  for (std::uint32_t u = 0; u < problem.users; ++u) {
    sequence.clear();
    weights.clear();
    const double wanted = std::round(std::exp(mu + static_cast<double>(random.normal())));
    const auto length = static_cast<std::size_t>(
        std::clamp(wanted, 1.0, std::min(1e4, static_cast<double>(problem.items) / 8)));
    const std::size_t taste = random.below(problem.tastes);
    while (sequence.size() < length) {
      const auto found = std::upper_bound(cumulative.begin(), cumulative.end() - 1, sum * random.uniform());
      auto rank = static_cast<std::size_t>(found - cumulative.begin());
      if (random.below(2) == 0) rank = std::min(rank - rank % problem.tastes + taste, problem.items - 1);
      if (last_user[rank] == u) continue;
      last_user[rank] = u;
      sequence.push_back(ids[rank]);
      const double plays = std::floor(std::pow(1 - random.uniform(), -1 / 1.2));
      weights.push_back(static_cast<float>(std::min(plays, problem.heaviest)));
    }
    data.append(sequence, weights);
  }
  return data;
}

}  // namespace segue::index::testing
