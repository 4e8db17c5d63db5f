#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/config.h"
#include "index/model/mf_model.h"
#include "index/model/popularity.h"
#include "index/model/transformer_model.h"
#include "index/model/transformer_trainer.h"
#include "index/model/transitions.h"
#include "index/reindex/phases.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Which models a run trains, and with which constants.
struct TrainingPlan {
  std::vector<std::string> models;  ///< of "mf", "transformer", "transitions"
  MfOptions mf;
  TransformerOptions transformer;
  TransitionOptions transitions;

  bool wants(std::string_view model) const;
};

/// The models that were trained together on the same events.
struct ModelSet {
  std::unique_ptr<Popularity> popularity;  ///< always there
  std::unique_ptr<Transitions> transitions;
  std::unique_ptr<MfModel> mf;
  std::unique_ptr<TransformerModel> transformer;

  /// Those that can be parts of a blend: all but popularity.
  std::vector<const SessionModel*> parts() const;
};

/// What training needs beside the data; references outlive the models.
struct TrainingEnvironment {
  const Catalogue& catalogue;
  const kernels::Backend& backend;
  kernels::ThreadPool& pool;
  Progress& progress;
  Phases& phases;
};

/// Trains all models of the plan, a phase each, named suffix + model. A model that the data does not allow
/// (no sequence of two items) is left out.
ModelSet train_models(const TrainingData& data, const TrainingPlan& plan, TrainingEnvironment& environment,
                      const std::string& suffix);

}  // namespace segue::index
