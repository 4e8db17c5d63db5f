#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/model/blend.h"
#include "index/model/seen_rule.h"
#include "index/reindex/evaluation.h"
#include "index/reindex/model_set.h"

namespace segue::index {

/// A row of the evaluation table: one model on the held-back events that nothing was fitted on.
struct EvaluationRow {
  std::string model;
  std::size_t events = 0;
  std::map<std::string, double> metrics;  ///< "hr@10", "ndcg@10", "mrr@20"
};

/// What the configuration leaves to validation.
struct ValidationOptions {
  std::optional<SeenRule> seen;            ///< set: this rule instead of the best one
  std::size_t fit_sequences = 4000;        ///< that the blend's weights are fitted on, at most
  const SessionModel* baseline = nullptr;  ///< transitions that are no part: the blend has to reach them, too
};

/// What validation decided.
struct Validation {
  SeenRule seen;
  BlendWeights blend;
  std::string method;                ///< how the weights were found, for people
  std::vector<EvaluationRow> table;  ///< popularity first, the blend last
  std::string note;                  ///< how the blend was chosen, when that is worth saying; may be empty
  bool passed = false;
  std::string reason;  ///< of a refusal: who is ahead of the blend, with both figures
};

/// Chooses the seen rule and the blend's weights on every second held-back sequence, then compares on the
/// others: the blend's NDCG@10 may not be below popularity, transitions or any of its parts. Where a part is
/// ahead of the fitted weights on the second half, the blend becomes that part alone, which the note says; so
/// what refuses is popularity, or transitions that are no part.
Validation validate(const ModelSet& models, std::span<const HeldOut> held_out,
                    const ValidationOptions& options, TrainingEnvironment& environment);

/// Among presets, the transitions with the best NDCG@10 on every second held-back sequence.
TransitionOptions choose_transitions(std::span<const TransitionOptions> presets, const TrainingData& data,
                                     std::span<const HeldOut> held_out, TrainingEnvironment& environment);

}  // namespace segue::index
