#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/blend.h"
#include "index/model/seen_rule.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "index/reindex/ranking_metrics.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Writes the score of every item of the catalogue for a session; called from several threads.
/// Scores of minus infinity put items at the end of the ranking, together.
using Scorer = std::function<void(const SessionView& session, std::span<double> scores)>;

/// Items that the model does not know come last; when it knows nothing of the session, all items are tied.
Scorer scorer_of(const SessionModel& model);
/// All items are tied when no part knows anything of the session. group: over which z-scores are taken.
Scorer scorer_of(const Blend& blend, ItemGroup group = ItemGroup::kSearchable);

/// What to measure.
struct EvaluationOptions {
  std::vector<RankingMetric> metrics = headline_metrics();
  SeenRule seen;
  std::size_t negatives =
      0;  ///< 0: all items are ranked. N: only the target and N drawn items that the session lacks
  std::uint64_t seed = 1;           ///< of the draw
  std::span<const float> events{};  ///< of each item in training, by ItemId; novelty needs them
};

struct Evaluation {
  std::vector<double> values;  ///< in the order of EvaluationOptions::metrics
  std::vector<double> ranks;   ///< of each target: the halves of a validation set come from one pass
  /// [metrics][targets]: what values are the means of; empty for coverage and gini, which are no means.
  std::vector<std::vector<double>> by_target;
};

/// The targets of one class, such as those after sessions of 4 to 7 events.
struct EvaluationSlice {
  std::size_t of = 0;          ///< the class
  std::size_t events = 0;      ///< targets, at least one
  std::vector<double> values;  ///< in the order of the metrics; 0 for those that are no means
};

/// An evaluation by class of target; classes without a target are left out.
std::vector<EvaluationSlice> slice(const Evaluation& evaluation, std::span<const std::size_t> class_of);

/// Ranks the targets of held-out sequences among the items of one group. A rank is 1 + (items above) + (items
/// level) / 2 over the group without what the seen rule leaves out; a target that is itself left out is
/// kMissed. The same figures for any number of threads. Thread-compatible: it uses the pool; group, pool and
/// progress outlive it.
class Evaluator {
 public:
  Evaluator(const ItemSet& group, kernels::ThreadPool& pool, Progress& progress);

  /// Throws std::invalid_argument for a target outside the group, as all below; Error (kInterrupted) through
  /// progress.
  Evaluation evaluate(const Scorer& scorer, std::span<const HeldOut> held_out,
                      const EvaluationOptions& options) const;

  /// ranks[rule][sequence] for several rules from one pass of scoring.
  std::vector<std::vector<double>> ranks(const Scorer& scorer, std::span<const HeldOut> held_out,
                                         std::span<const SeenRule> rules) const;

  /// The rule with the best NDCG@10 among seen_rule_candidates(held_out); of equal ones, the one that leaves
  /// out less.
  SeenRule choose_seen_rule(const Scorer& scorer, std::span<const HeldOut> held_out) const;

 private:
  double rank_among_all(const HeldOut& one, std::span<const double> scores, const SeenRule& rule) const;
  double rank_among_drawn(const HeldOut& one, std::span<const double> scores,
                          const EvaluationOptions& options, std::size_t stream) const;
  /// The k best of the group without what the rule leaves out.
  std::vector<ItemId> best(const HeldOut& one, std::span<const double> scores, const SeenRule& rule,
                           std::size_t k) const;
  void measure_lists(const RankingMetric& metric, std::span<const std::vector<ItemId>> lists,
                     std::span<const float> events, Evaluation& result) const;
  /// Calls body(sequence, its scores) on all threads, with progress.
  void for_each(const Scorer& scorer, std::span<const HeldOut> held_out,
                const std::function<void(std::size_t, std::span<const double>)>& body) const;

  const ItemSet* group_;
  std::vector<ItemId> items_;  // the group's
  kernels::ThreadPool* pool_;
  Progress* progress_;
};

}  // namespace segue::index
