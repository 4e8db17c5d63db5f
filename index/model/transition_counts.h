#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/training_data.h"
#include "index/model/transitions.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// The rows of the transition model in compressed form: row i is [offsets[i], offsets[i + 1]), strongest
/// first.
struct TransitionRows {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> successors;
  std::vector<float> values;
};

/// Counts, damps and prunes the pairs as Transitions says. Each row is made from the item's own events alone,
/// so memory holds the kept pairs and one row per thread, never all pairs of events.
TransitionRows count_transitions(const TrainingData& data, const TransitionOptions& options,
                                 kernels::ThreadPool& pool, Progress& progress);

}  // namespace segue::index
