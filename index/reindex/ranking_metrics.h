#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// The rank of a target that cannot be found, since the seen rule leaves it out: every metric is 0.
inline constexpr double kMissed = std::numeric_limits<double>::infinity();

/// A figure over the ranks of targets, one target per sequence. With r the target's rank, from 1, ties at
/// their mean:
///   hr@k, recall@k   1 if r <= k, else 0 (one target: the two agree)
///   ndcg@k           1 / log2(r + 1) if r <= k, else 0
///   mrr@k            1 / r if r <= k, else 0
/// each averaged over sequences, and
///   coverage[@k]     share of the items that stand in the top k (10) of at least one sequence.
struct RankingMetric {
  enum class Kind { kHitRate, kRecall, kNdcg, kMrr, kCoverage };
  Kind kind = Kind::kNdcg;
  std::size_t k = 10;

  std::string name() const;      ///< "ndcg@10"; coverage at 10 is "coverage"
  double at(double rank) const;  ///< of one sequence; std::invalid_argument for kCoverage
  friend bool operator==(const RankingMetric&, const RankingMetric&) = default;
};

inline constexpr RankingMetric kHitRate10{RankingMetric::Kind::kHitRate, 10};
inline constexpr RankingMetric kNdcg10{RankingMetric::Kind::kNdcg, 10};

/// hr@10 and ndcg@10, the figures that every table shows.
std::vector<RankingMetric> headline_metrics();

/// "hr@10,ndcg@10,mrr@20,recall@100,coverage", in either case. Throws Error (kUsage) naming the part that is
/// no metric, or is there twice.
std::vector<RankingMetric> parse_ranking_metrics(std::string_view list);

/// The mean of metric.at over ranks; 0 for no ranks.
double mean_metric(const RankingMetric& metric, std::span<const double> ranks);

}  // namespace segue::index
