#pragma once

#include <string>
#include <vector>

#include "index/model/blend_contests.h"
#include "index/model/blend_weights.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

struct BlendFit {
  BlendWeights weights;             ///< one model alone when nothing improves on it
  double ndcg = 0;                  ///< NDCG@10 of the blend on the sample
  std::vector<double> single_ndcg;  ///< of each model of the task alone
  std::string method;               ///< how the weights were found, for people
};

/// Finds the weights of a blend. Several ways compete by NDCG@10 on sequences that they were not fitted on
/// (the sample is halved and each half predicted from the other):
///   - the best single model;
///   - one weight per model by coordinate ascent on NDCG@10 (blend_ascent.h);
///   - one weight per model by the convex likelihood (blend_objective.h);
///   - the same with weights that differ by the session's length, by the items' events, by both, which have
///     to be ahead by more than the standard error.
/// Where a likelihood won, models are then left out as long as all of them together cost no more than a
/// thousandth of the NDCG, since each costs time in every query; the weights are fitted on the whole sample.
/// Never worse on the sample than the best single model; deterministic for any number of threads. With no
/// models or nothing held out it throws std::invalid_argument.
BlendFit fit_blend(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress);

}  // namespace segue::index
