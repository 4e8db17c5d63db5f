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

/// The weights of all but one part, to a sum of 1; nothing where that part stands alone.
std::vector<double> without(std::vector<double> weights, std::size_t part) {
  const double others = 1 - weights[part];
  if (others <= 0) return {};
  for (double& weight : weights) weight /= others;
  weights[part] = 0;
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
    const std::vector<double> gains = ndcg_gains(contests_, BlendTable(contests_, weights), pool_);
    return point(std::move(weights), gains);
  }

  /// The best neighbour of a point: one part's share changed, to nothing included.
  Point best_step(const Point& from, std::span<const char> used) const {
    Point best = from;
    for (std::size_t part = 0; part < from.weights.size(); ++part) {
      if (used[part] == 0) continue;
      const std::vector<double> others = without(from.weights, part);
      if (others.empty()) continue;
      const double current = from.weights[part];
      std::vector<double> shares;
      if (current > 0) shares.push_back(0);
      for (const double share : kShares) {
        if (share != current && (current == 0 || near(share, current))) shares.push_back(share);
      }
      const std::vector<std::vector<double>> gains =
          ndcg_gains_by_share(contests_, others, part, shares, pool_);
      for (std::size_t s = 0; s < shares.size(); ++s) {
        std::vector<double> weights = others;
        for (double& weight : weights) weight *= 1 - shares[s];
        weights[part] = shares[s];
        Point to = point(std::move(weights), gains[s]);
        // So many shares are tried that some are ahead by chance.
        const double needed = current == 0 ? error_of_difference(to.gains, from.gains) : 0;
        if (to.ndcg > best.ndcg && to.ndcg - from.ndcg > needed) best = std::move(to);
      }
    }
    return best;
  }

 private:
  /// gains: of all sequences.
  Point point(std::vector<double> weights, const std::vector<double>& gains) const {
    Point point;
    for (std::size_t s = 0; s < gains.size(); ++s) {
      if (fold_.learns(s)) point.gains.push_back(gains[s]);
    }
    point.weights = std::move(weights);
    point.ndcg = mean(point.gains);
    return point;
  }

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
