#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// A sparse matrix [rows(), columns]: row r has the entries [offsets[r], offsets[r + 1]).
struct SparseRows {
  std::size_t columns = 0;
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> indices;  ///< of columns
  std::vector<float> values;

  std::size_t rows() const { return offsets.size() - 1; }
};

struct SvdOptions {
  std::size_t count = 128;     ///< singular values wanted, the largest ones
  std::size_t iterations = 4;  ///< products with the matrix and its transpose; more for a flat spectrum
  std::uint64_t seed = 1;
};

struct TruncatedSvd {
  std::vector<double> values;  ///< falling and positive; fewer than were wanted where the rank is lower
  MatrixBuffer right;          ///< [columns, values.size()], columns of unit length
};

/// The largest singular values of a sparse matrix and their right vectors, by subspace iteration with a
/// random start (Halko, Martinsson, Tropp, arXiv:0909.4061, algorithm 4.4) and a Rayleigh-Ritz step. The sign
/// of a vector is the one that makes its largest element positive. Memory: a few [columns, 1.25 count]
/// matrices, whatever the number of rows. The same bytes for any number of threads.
TruncatedSvd truncated_svd(const SparseRows& matrix, const SvdOptions& options,
                           const kernels::Backend& backend, kernels::ThreadPool& pool,
                           const Progress& progress);

}  // namespace segue::index
