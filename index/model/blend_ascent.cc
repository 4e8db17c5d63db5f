#include "index/model/blend_ascent.h"

#include <array>
#include <cmath>
#include <utility>

namespace segue::index {
namespace {

/// Shares of the whole that a part is tried with, the others shrunk to what remains. Sparse models have
/// peaked z-scores and want little, hence the fine steps at the low end.
constexpr std::array kShares{0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25,
                             0.3,   0.35, 0.4,  0.5,  0.6,  0.7,  0.8,  0.9, 0.95, 0.98, 0.99};
constexpr double kReach = 1.2;  // of log odds: about three of the shares each way
constexpr std::size_t kMaxRounds = 100;

/// weights with the share of one part replaced and the others shrunk or stretched to fill the rest.
std::vector<double> with_share(std::vector<double> weights, std::size_t part, double share) {
  const double others = 1 - weights[part];
  if (others <= 0) return weights;
  for (double& weight : weights) weight *= (1 - share) / others;
  weights[part] = share;
  return weights;
}

/// Shares far from the one a part has are not tried again: steps go up and down the list, a few places at
/// once.
bool near(double share, double current) {
  return std::abs(std::log(share / (1 - share)) - std::log(current / (1 - current))) < kReach;
}

struct Point {
  std::vector<double> weights;
  std::vector<double> gains;  // of the sequences of the fold
  double ndcg = 0;
};

class Ascent {
 public:
  Ascent(const BlendContests& contests, const BlendFold& fold, kernels::ThreadPool& pool)
      : contests_(contests), fold_(fold), pool_(pool) {}

  Point at(std::vector<double> weights) const {
    Point point;
    const std::vector<double> gains = ndcg_gains(contests_, BlendTable(contests_, weights), pool_);
    for (std::size_t s = 0; s < gains.size(); ++s) {
      if (fold_.learns(s)) point.gains.push_back(gains[s]);
    }
    point.weights = std::move(weights);
    point.ndcg = mean(point.gains);
    return point;
  }

  /// The best neighbour of a point: one part's share changed, to nothing included.
  Point best_step(const Point& from, std::span<const char> used) const {
    Point best = from;
    const auto consider = [&](std::size_t part, double share) {
      std::vector<double> weights = with_share(from.weights, part, share);
      if (weights == from.weights) return;
      Point to = at(std::move(weights));
      const bool joins = from.weights[part] == 0;
      // So many shares are tried that some are ahead by chance.
      const double needed = joins ? error_of_difference(to.gains, from.gains) : 0;
      if (to.ndcg > best.ndcg && to.ndcg - from.ndcg > needed) best = std::move(to);
    };
    for (std::size_t part = 0; part < from.weights.size(); ++part) {
      if (used[part] == 0) continue;
      if (from.weights[part] > 0) consider(part, 0);
      for (const double share : kShares) {
        if (from.weights[part] == 0 || near(share, from.weights[part])) consider(part, share);
      }
    }
    return best;
  }

 private:
  const BlendContests& contests_;
  const BlendFold& fold_;
  kernels::ThreadPool& pool_;
};

}  // namespace

std::vector<double> ascend_ndcg(const BlendContests& contests, const BlendFold& fold,
                                std::span<const char> used, kernels::ThreadPool& pool, Progress& progress) {
  const Ascent ascent(contests, fold, pool);
  Point point;
  for (std::size_t m = 0; m < contests.models; ++m) {
    if (used[m] == 0) continue;
    std::vector<double> alone(contests.models, 0);
    alone[m] = 1;
    Point single = ascent.at(std::move(alone));
    if (point.weights.empty() || single.ndcg > point.ndcg) point = std::move(single);
  }
  for (std::size_t round = 0; round < kMaxRounds; ++round) {
    Point next = ascent.best_step(point, used);
    if (!(next.ndcg > point.ndcg)) break;
    point = std::move(next);
    progress.check();
  }
  return point.weights;
}

}  // namespace segue::index
