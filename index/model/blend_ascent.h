#pragma once

#include <span>
#include <vector>

#include "index/model/blend_contests.h"
#include "index/model/blend_objective.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// One weight per model by coordinate ascent on NDCG@10 over the sequences that the fold learns from: from
/// the best single one of the used models, others are added, reweighted and dropped as long as that helps;
/// one is added only where it helps by more than the standard error. Not convex, but it climbs what is
/// wanted. Weights sum to
/// 1. The same for any number of threads.
std::vector<double> ascend_ndcg(const BlendContests& contests, const BlendFold& fold,
                                std::span<const char> used, kernels::ThreadPool& pool, Progress& progress);

}  // namespace segue::index
