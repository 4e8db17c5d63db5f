#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/model/blend.h"
#include "index/model/seen_rule.h"
#include "index/reindex/evaluation.h"
#include "index/reindex/model_set.h"
#include "index/reindex/newcomer_trials.h"

namespace segue::index {

/// A row of the evaluation table: one model on the held-back events that no weight was fitted on.
struct EvaluationRow {
  std::string model;
  std::size_t events = 0;
  std::map<std::string, double> metrics;  ///< "hr@10", "ndcg@10", "mrr@20", "recall@100", "coverage", ...
  double error = 0;                       ///< standard error of ndcg@10
};

/// What the configuration leaves to validation.
struct ValidationOptions {
  std::optional<SeenRule> seen;            ///< set: this rule instead of the best one
  std::size_t fit_sequences = 4000;        ///< that the blend's weights are fitted on, at most
  const SessionModel* baseline = nullptr;  ///< transitions that are no part: the blend has to reach them, too
  /// Popularity that does not fade, where the models' does: on held-back events of all ages it is the
  /// stronger of the two, so the blend has to reach it; null: there is no other.
  const SessionModel* still_popularity = nullptr;
  double popularity_correction = 0;  ///< Blend::correct_popularity; measured, but not judged
  /// Of new items, above 0: with a content model, items without events are weighed, too (newcomer_trials.h).
  double newcomer_cost = 0;
  std::uint64_t seed = 1;  ///< of the items that play newcomers
};

/// What validation decided.
struct Validation {
  SeenRule seen;
  bool with_popularity = false;               ///< whether popularity took part in the fit
  bool one_part = false;                      ///< a part was ahead of the fitted weights, and is the blend
  BlendWeights blend;                         ///< that was compared
  std::string method;                         ///< how its weights were found, for people
  std::vector<EvaluationSlice> by_length;     ///< the blend by session_length_classes(), over slice_metrics()
  std::vector<EvaluationSlice> by_frequency;  ///< and by item_frequency_classes()
  std::size_t fitted_on = 0;                  ///< sequences
  std::vector<EvaluationRow> table;           ///< popularity first, the blend last, before it as corrected
  std::optional<NewcomerChoice> newcomers;    ///< how items without events are weighed, where they are
  std::string note;           ///< how the blend was chosen, when that is worth saying; may be empty
  std::string newcomer_note;  ///< why new items are not weighed; may be empty
  bool passed = false;
  std::string reason;  ///< of a refusal: who is ahead of the blend, with both figures
};

/// What a validation measures by class of target: hr@10 and ndcg@10.
std::vector<RankingMetric> slice_metrics();

/// The held-back sequences that weights are fitted on (0) or compared on (1): every second.
std::vector<HeldOut> half_of(std::span<const HeldOut> held_out, std::size_t half);

/// Chooses the seen rule and the blend's weights on every second held-back sequence, then compares on the
/// others: the blend's NDCG@10 may not be below popularity, transitions or any of its parts. Where a part is
/// ahead of the fitted weights on the second half, the blend becomes that part alone, which the note says; so
/// what refuses is popularity, or transitions that are no part. Where weighing items without
/// events would bring the blend below a part, they may cost less, and where that is not enough they are not
/// weighed, which newcomer_note says.
Validation validate(const ModelSet& models, std::span<const HeldOut> held_out,
                    const ValidationOptions& options, TrainingEnvironment& environment);

/// The blend to publish.
struct RefittedBlend {
  BlendWeights weights;
  std::string method;                       ///< how they were found, for people
  std::size_t sequences = 0;                ///< that they were fitted on
  std::optional<NewcomerChoice> newcomers;  ///< how items without events are weighed, where they are
};

/// Once the blend has passed there is nothing left to compare on the second half, and weights that are fitted
/// on more sequences are the better ones: the same fit on both halves (at most options.fit_sequences) under
/// the seen rule that validation took; new items are weighed anew, by the same rule on both halves. Nothing
/// where the blend did not pass, where validation took one part alone, where the first half was as large as a
/// sample may be, and where the new weights stand below anything that the blend has to reach: then those of
/// validation are to stay.
std::optional<RefittedBlend> refit_blend(const ModelSet& models, std::span<const HeldOut> held_out,
                                         const ValidationOptions& options, const Validation& validation,
                                         TrainingEnvironment& environment);

/// Among presets, the transitions with the best NDCG@10 on every second held-back sequence.
TransitionOptions choose_transitions(std::span<const TransitionOptions> presets, const TrainingData& data,
                                     std::span<const HeldOut> held_out, TrainingEnvironment& environment);

}  // namespace segue::index
