#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/config.h"
#include "index/model/content_model.h"
#include "index/model/content_vectors.h"
#include "index/model/context_popularity.h"
#include "index/model/item_neighbours.h"
#include "index/model/learning_curve.h"
#include "index/model/mf_model.h"
#include "index/model/popularity.h"
#include "index/model/rating_factors.h"
#include "index/model/rating_model.h"
#include "index/model/session_neighbours.h"
#include "index/model/transformer_model.h"
#include "index/model/transformer_pruning.h"
#include "index/model/transformer_trainer.h"
#include "index/model/transitions.h"
#include "index/model/user_neighbours.h"
#include "index/reindex/distillation_plan.h"
#include "index/reindex/phases.h"
#include "index/stored_matrix.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Which models a run trains, and with which constants.
struct TrainingPlan {
  std::vector<std::string> models;  ///< names of session models (index/model/session_model.h)
  MfOptions mf;
  TransformerOptions transformer;
  std::optional<DistillationPlan> distillation;  ///< of the one above into the one that is served
  double transformer_checkpoint_seconds = 120;  ///< between two checkpoints, where there is a folder for them
  HalfLife half_life;                           ///< of popularity and context-popularity
  TransitionOptions transitions;
  Storage weights = Storage::kFp32;  ///< how the numbers of models/ are stored
  Storage vectors = Storage::kFp32;  ///< and those of vectors/
  std::string vector_factory = "auto";
  RatingOptions rating;  ///< with the method, once it is chosen
  ItemNeighbourOptions item_neighbours;
  UserNeighbourOptions user_neighbours;
  SessionNeighbourOptions session_neighbours;
  double prune = 0;  ///< share of the validation measure that taking parts out may cost
  std::vector<PruningStep>
      pruning;  ///< parts that are taken out of the trained Transformer, one after another
  /// Weights that the Transformer starts from, or is; null: none.
  std::shared_ptr<const TransformerWeights> imported;
  std::shared_ptr<const ContentVectors> start_vectors;  ///< that its item table starts from; null: none
  ContentOptions content;
  double prior_events = 0;  ///< PlacementOptions

  bool wants(std::string_view model) const;
  /// Whether the imported weights are the model, without any training.
  bool imports_as_it_is() const { return imported != nullptr && transformer.epochs == 0; }
};

/// The models that were trained together on the same events.
struct ModelSet {
  std::unique_ptr<Popularity> popularity;                 ///< always there
  std::unique_ptr<ContextPopularity> context_popularity;  ///< null where the events have no context
  std::unique_ptr<Transitions> transitions;
  std::unique_ptr<ItemNeighbours> item_neighbours;
  std::unique_ptr<UserNeighbours> user_neighbours;
  std::unique_ptr<SessionNeighbours> session_neighbours;
  std::unique_ptr<MfModel> mf;
  std::unique_ptr<TransformerModel> transformer;
  std::unique_ptr<RatingModel> rating;
  TransformerEpochs transformer_epochs;  ///< after which the weights were kept
  std::vector<LearningCurve> curves;     ///< of those that learn step by step
  std::optional<Pruning> pruning;        ///< what was taken out of it by validation
  std::unique_ptr<ContentModel> content;

  /// Those that can be parts of a blend: all that look at sessions or at context; popularity joins them in
  /// the gate.
  std::vector<const SessionModel*> parts() const;
};

/// What training needs beside the data; references outlive the models.
struct TrainingEnvironment {
  const Catalogue& catalogue;
  const kernels::Backend& backend;
  kernels::ThreadPool& pool;
  Progress& progress;
  Phases& phases;
  std::span<const HeldOut> validation = {};  ///< what a training may measure itself on as it goes
  std::filesystem::path checkpoints = {};    ///< folder of files that a training goes on from; empty: none
  /// What the catalogue says, which no event changes; null without the content model.
  std::shared_ptr<const ContentSpace> content = nullptr;
};

/// The content space of the environment's catalogue, a phase of its own; null when the plan does not want
/// the content model or no item says anything.
std::shared_ptr<const ContentSpace> train_content(const TrainingPlan& plan, TrainingEnvironment& environment);

/// Trains all models of the plan, a phase each, named suffix + model; their numbers are rounded to how they
/// will be stored, so that what is evaluated is what is served. A model that the data does not allow (no
/// sequence of two items; no rating) is left out. With a content
/// space, items without events have places in transformer and mf, too.
ModelSet train_models(const TrainingData& data, const TrainingPlan& plan, TrainingEnvironment& environment,
                      const std::string& suffix);

}  // namespace segue::index
