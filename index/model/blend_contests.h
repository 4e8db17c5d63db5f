#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/count_classes.h"
#include "index/model/seen_rule.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// What weights are fitted on.
struct BlendFitTask {
  std::span<const SessionModel* const> models;
  std::span<const HeldOut> held_out;  ///< targets belong to `searchable`
  const ItemSet* searchable = nullptr;
  SeenRule seen{};
  std::size_t max_sequences = 4000;  ///< of more, an even sample is taken
  std::span<const float> events{};   ///< of each item in training, by ItemId; empty: weights by model alone
  CountClasses lengths = session_length_classes();
  CountClasses counts = item_frequency_classes();
};

/// One held-out sequence, reduced to what decides the target's rank for any weights: the z-scores of the
/// target and of the items that compete with it, those among the best of some model. Competitors are grouped
/// by their class of events in training.
struct BlendContest {
  std::size_t sequence = 0;       ///< its number among those sampled
  std::size_t length = 0;         ///< class of the session
  std::size_t target = 0;         ///< class of the target
  std::vector<std::size_t> ends;  ///< competitors of class c are those from ends[c - 1] (0) to ends[c]
  std::vector<double> target_z;   ///< [models]
  std::vector<float> ahead;       ///< [models, competitors]: z(competitor) - z(target)

  std::size_t competitors() const { return ends.back(); }
};

struct BlendContests {
  std::size_t models = 0;
  std::size_t lengths = 1;    ///< classes
  std::size_t counts = 1;     ///< classes
  std::size_t sequences = 0;  ///< that were sampled, with a contest or not
  /// Of the sequences whose target some model finds; for the others no weights are better than others.
  std::vector<BlendContest> contests;
};

/// Throws std::invalid_argument for a task without models or sequences, and for a target outside the
/// searchable items. The same for any number of threads.
BlendContests make_contests(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress);

}  // namespace segue::index
