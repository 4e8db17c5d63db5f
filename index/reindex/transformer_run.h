#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "index/model/learning_curve.h"
#include "index/model/training_data.h"
#include "index/model/transformer_weights.h"
#include "index/reindex/model_set.h"

namespace segue::index {

/// The Transformer that a plan trains; where it distils, the narrow one.
struct TransformerRun {
  TransformerWeights weights;
  TransformerEpochs epochs;
  std::vector<LearningCurve> curves;  ///< of the teacher first
};

/// Trains the plan's Transformer on the data, a phase named "transformer" + suffix. Where it distils, the
/// wide one is trained before it, on the same data and in the phase "teacher" + suffix: so no teacher has
/// seen what a validation holds back. Throws as train_transformer does.
TransformerRun run_transformer(const TrainingData& data, const TrainingPlan& plan,
                               TrainingEnvironment& environment, const std::string& suffix);

/// The next trainings of the plan run as many epochs as these did.
void keep_epochs(const TransformerEpochs& epochs, TrainingPlan& plan);

/// What a manifest says of the training on all events.
nlohmann::json transformer_json(const TransformerEpochs& epochs, const TrainingPlan& plan);

/// Removes what trainings left in a folder of checkpoints, once nobody can want to go on from it. Other files
/// stay. An empty path: nothing.
void remove_checkpoints(const std::filesystem::path& folder);

}  // namespace segue::index
