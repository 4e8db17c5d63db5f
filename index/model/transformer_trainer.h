#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/learning_curve.h"
#include "index/model/training_data.h"
#include "index/model/transformer_options.h"
#include "index/model/transformer_start.h"
#include "index/model/transformer_teacher.h"
#include "index/model/transformer_weights.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// A training: what it learns from, how, and what it may have beside. Views and references are valid for the
/// call.
struct TransformerTraining {
  const TrainingData& data;
  TransformerOptions options;

  /// Measured after each epoch (NDCG@10, all items ranked) to choose the epoch that is kept; empty: the last
  /// epoch is kept.
  std::span<const HeldOut> validation = {};
  const ItemSet* ranked = nullptr;  ///< the items that the measure ranks; null: all that the data has

  /// What it starts from beside the data (transformer_start.h).
  TransformerSources sources = {};
  /// Whose rankings it learns beside the log's: of the same data, and at least its window; null: none.
  const TransformerTeacher* teacher = nullptr;

  /// A file from which the training goes on, when there is one of the same data and options, and to which it
  /// writes where it stands: when checkpoint_seconds have passed since the last time, when it is interrupted,
  /// and at its end. Empty: none. The weights do not depend on it.
  std::filesystem::path checkpoint = {};
  double checkpoint_seconds = 120;
};

struct TrainedTransformer {
  TransformerWeights weights;
  std::size_t epochs = 0;  ///< after how many the weights were kept
  std::vector<LearningPoint> curve;
};

/// Trains on every sequence of two items or more; the vocabulary is the items in them. Event weights are not
/// used: an event is a step of a session, whatever its action; nor are contexts for TransformerForm::kSasrec.
/// Tells progress the positions done, the loss of late, the last measure and the learning rate; asks it
/// before each step whether to go on; and says in a message when it goes on from a checkpoint or leaves one
/// alone. The same training on the same backend gives the same weights, whatever the number of threads and
/// however often it was killed and went on.
///
/// Throws Error: kBadInput when no sequence has two items, or when the loss stops being finite; kUsage for
/// options; kInterrupted through progress; kResource for a checkpoint that cannot be written.
TrainedTransformer train_transformer(const TransformerTraining& training, const kernels::Backend& backend,
                                     kernels::ThreadPool& pool, Progress& progress);

/// The same with data and options alone.
TransformerWeights train_transformer(const TrainingData& data, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     Progress& progress);

}  // namespace segue::index
