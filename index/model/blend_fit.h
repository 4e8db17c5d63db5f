#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "index/item_set.h"
#include "index/model/blend.h"
#include "index/model/seen_rule.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// What a blend is fitted on.
struct BlendFitTask {
  std::span<const SessionModel* const> models;
  std::span<const HeldOut> held_out;  ///< targets belong to `searchable`
  const ItemSet* searchable = nullptr;
  SeenRule seen;
  std::size_t max_sequences = 2000;  ///< of more, an even sample is taken
};

struct BlendFit {
  BlendWeights weights;             ///< one model alone when nothing improves on it
  double ndcg = 0;                  ///< NDCG@10 of the blend on the sample
  std::vector<double> single_ndcg;  ///< of each model of the task alone
};

/// Finds the weights by coordinate ascent on NDCG@10: from the best single model, other models are added,
/// reweighted and dropped as long as that helps. Never worse on the sample than the best single model;
/// deterministic for any number of threads. With no models or nothing held out it throws
/// std::invalid_argument.
BlendFit fit_blend(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress);

}  // namespace segue::index
