#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/sparse_symmetric.h"
#include "index/model/training_windows.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

struct PpmiOptions {
  std::size_t distance = 10;    ///< events of a sequence up to this far apart count as a pair
  double distance_power = 0.5;  ///< with weight distance^-power
  float deviation = 0.02f;      ///< of the start's elements
  std::uint64_t seed = 1;
};

/// Positive pointwise mutual information of items that occur close together, in either order (Levy and
/// Goldberg 2014): max(0, log(c_ij c_.. / (c_i. c_.j))), c the weighted counts of pairs of different rows.
SparseSymmetric ppmi_matrix(const TrainingWindows& windows, const PpmiOptions& options,
                            kernels::ThreadPool& pool, const Progress& progress);

/// Writes table [v, d], the start of the item embeddings: the eigenvectors of the d largest eigenvalues of
/// the PPMI matrix, each times the square root of its eigenvalue, rows brought to one length. What the matrix
/// says nothing about is random: a row without pairs, and a direction that has no positive eigenvalue.
void ppmi_embedding(const TrainingWindows& windows, const PpmiOptions& options,
                    const kernels::Backend& backend, kernels::ThreadPool& pool, const Progress& progress,
                    kernels::Matrix table);

}  // namespace segue::index
