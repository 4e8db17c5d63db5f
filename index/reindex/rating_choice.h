#pragma once

#include "index/model/training_data.h"
#include "index/reindex/model_set.h"
#include "index/snapshot/manifest.h"

namespace segue::index {

/// Chooses method and epochs of the factorisation of ratings on ratings that it holds back, writes them into
/// the plan and what it measured into the manifest: evaluation.rating {events, rmse, mae}, training.rating
/// {method, epochs}. A curve for each method tried is appended to `curves`. Data without ratings takes the
/// model out of the plan.
void choose_rating_model(const TrainingData& data, TrainingPlan& plan, TrainingEnvironment& environment,
                         Manifest& manifest, std::vector<LearningCurve>& curves);

}  // namespace segue::index
