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
/// each averaged over sequences; and of what stands in the top k of the sequences, whatever was the target:
///   tail@k           mean share of the top k that are long-tail items: all but the most frequent ones that
///                    together have half of the events
///   coverage[@k]     share of the items that stand there at least once (k 10 unless said)
///   gini@k           Gini coefficient of how often each item stands there: 0 all alike, near 1 few items
///                    alone
///   novelty@k        mean of -log2((events of the item + 1) / (all events + items)), in bits: how rare in
///                    training what stands there was
struct RankingMetric {
  enum class Kind { kHitRate, kRecall, kNdcg, kMrr, kCoverage, kGini, kNovelty, kTail };
  Kind kind = Kind::kNdcg;
  std::size_t k = 10;

  std::string name() const;      ///< "ndcg@10"; coverage at 10 is "coverage"
  bool of_lists() const;         ///< whether it looks at the top k instead of the target's rank
  bool is_mean() const;          ///< over targets, as all but coverage and gini are
  double at(double rank) const;  ///< of one sequence; std::invalid_argument when it looks at lists
  friend bool operator==(const RankingMetric&, const RankingMetric&) = default;
};

inline constexpr RankingMetric kHitRate10{RankingMetric::Kind::kHitRate, 10};
inline constexpr RankingMetric kNdcg10{RankingMetric::Kind::kNdcg, 10};

/// hr@10 and ndcg@10, the figures that every table shows.
std::vector<RankingMetric> headline_metrics();

/// "hr@10,ndcg@10,mrr@20,recall@100,coverage,gini@10,novelty@10,tail@10", in either case. Throws Error
/// (kUsage) naming the part that is no metric, or is there twice.
std::vector<RankingMetric> parse_ranking_metrics(std::string_view list);

/// Gini coefficient of numbers that are not below 0; 0 when all are 0.
double gini_coefficient(std::vector<double> numbers);

/// The mean of metric.at over ranks; 0 for no ranks.
double mean_metric(const RankingMetric& metric, std::span<const double> ranks);

}  // namespace segue::index
