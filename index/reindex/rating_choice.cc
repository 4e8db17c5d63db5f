#include "index/reindex/rating_choice.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "index/model/rating_data.h"
#include "index/model/rating_training.h"

namespace segue::index {

void choose_rating_model(const TrainingData& data, TrainingPlan& plan, TrainingEnvironment& environment,
                         Manifest& manifest, std::vector<LearningCurve>& curves) {
  if (!plan.wants("rating")) return;
  if (data.ratings == nullptr) {
    std::erase(plan.models, "rating");
    return;
  }
  environment.phases.begin("choose ratings");
  RatingChoice choice = choose_rating(*data.ratings, plan.rating,
                                      {environment.backend, environment.pool, environment.progress});
  environment.phases.end();
  plan.rating = choice.options;
  nlohmann::json& training = manifest.training["rating"];
  training = {{"method", std::string(to_string(*choice.options.method))}, {"epochs", choice.options.epochs}};
  if (choice.error.events == 0) return;
  std::move(choice.curves.begin(), choice.curves.end(), std::back_inserter(curves));
  manifest.evaluation["rating"] = {
      {"events", choice.error.events}, {"rmse", choice.error.rmse}, {"mae", choice.error.mae}};
}

}  // namespace segue::index
