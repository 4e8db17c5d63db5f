#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/tensor_view.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// A symmetric sparse matrix by rows: row r has the entries [offsets[r], offsets[r + 1]), columns rising.
struct SparseSymmetric {
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> columns;
  std::vector<float> values;

  std::size_t size() const { return offsets.size() - 1; }
};

/// y = a x, with x and y [n, any]. Asks progress whether to go on.
void multiply(const SparseSymmetric& a, kernels::ConstMatrix x, kernels::Matrix y, kernels::ThreadPool& pool,
              const Progress& progress);

struct EigenOptions {
  std::size_t count = 128;     ///< eigenvalues wanted, the largest ones
  std::size_t iterations = 6;  ///< products with the matrix
  std::uint64_t seed = 1;
};

struct Eigenpairs {
  std::vector<double> values;  ///< falling; only positive ones, so there may be fewer than were wanted
  MatrixBuffer vectors;        ///< [n, values.size()], columns of unit length
};

/// The largest eigenvalues of a sparse matrix and their vectors, by subspace iteration with a random start
/// (Halko, Martinsson, Tropp, arXiv:0909.4061, algorithm 4.4) and a Rayleigh-Ritz step. Memory: a few [n, 2
/// count] matrices. The leading pairs are exact to a few digits, the last ones are mixtures of their
/// neighbours: enough for a start.
Eigenpairs largest_eigenpairs(const SparseSymmetric& a, const EigenOptions& options,
                              const kernels::Backend& backend, kernels::ThreadPool& pool,
                              const Progress& progress);

/// Makes the columns of y [n, l] orthonormal; one that depends on those before it becomes zeros. scratch: of
/// any shape, overwritten.
void orthonormalize(MatrixBuffer& y, MatrixBuffer& scratch, const kernels::Backend& backend,
                    kernels::ThreadPool& pool);

}  // namespace segue::index
