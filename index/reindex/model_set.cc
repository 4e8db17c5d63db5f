#include "index/reindex/model_set.h"

#include <algorithm>

namespace segue::index {

bool TrainingPlan::wants(std::string_view model) const {
  return std::find(models.begin(), models.end(), model) != models.end();
}

std::vector<const SessionModel*> ModelSet::parts() const {
  std::vector<const SessionModel*> parts;
  for (const SessionModel* model :
       {static_cast<const SessionModel*>(mf.get()), static_cast<const SessionModel*>(transformer.get()),
        static_cast<const SessionModel*>(transitions.get())}) {
    if (model != nullptr) parts.push_back(model);
  }
  return parts;
}

ModelSet train_models(const TrainingData& data, const TrainingPlan& plan, TrainingEnvironment& environment,
                      const std::string& suffix) {
  ModelSet set;
  set.popularity = Popularity::train(data, environment.catalogue);
  const bool has_pairs = std::any_of(data.offsets.begin() + 1, data.offsets.end(),
                                     [&, previous = std::size_t{0}](std::size_t end) mutable {
                                       const std::size_t length = end - previous;
                                       previous = end;
                                       return length >= 2;
                                     });
  if (!has_pairs) return set;
  if (plan.wants("mf")) {
    environment.phases.begin("factorise" + suffix);
    set.mf = std::make_unique<MfModel>(MatrixFactorization::train(data, plan.mf, environment.backend,
                                                                  environment.pool, environment.progress),
                                       nullptr, environment.catalogue, environment.backend);
  }
  if (plan.wants("transformer")) {
    environment.phases.begin("transformer" + suffix);
    set.transformer =
        std::make_unique<TransformerModel>(train_transformer(data, plan.transformer, environment.backend,
                                                             environment.pool, environment.progress),
                                           nullptr, environment.catalogue, environment.backend);
  }
  if (plan.wants("transitions")) {
    environment.phases.begin("transitions" + suffix);
    set.transitions = Transitions::train(data, plan.transitions, environment.catalogue, environment.pool,
                                         environment.progress);
  }
  return set;
}

}  // namespace segue::index
