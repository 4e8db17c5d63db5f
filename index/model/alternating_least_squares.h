#pragma once

#include <cstddef>
#include <vector>

#include "index/model/interactions.h"
#include "index/model/matrix_factorization.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// The two sides of an implicit factorisation while they are fitted, one half of an iteration after the
/// other; the objective stands at MatrixFactorization. Results are the same bytes for any number of threads.
/// Thread-compatible. What the constructor is given outlives it.
///
/// With options.descent_steps > 0 a half first rotates both sides by the eigenvectors of the still side's
/// Gram matrix, which changes no inner product, no norm and so not the objective. The Gram matrix is then
/// diagonal: a step of conjugate gradients costs nothing beyond the row's own pairs, and the diagonal is its
/// preconditioner. Otherwise each row's normal equations are solved by Cholesky.
class AlternatingLeastSquares {
 public:
  /// Throws std::invalid_argument for constants out of range.
  AlternatingLeastSquares(const Interactions& interactions, const MfOptions& options,
                          const kernels::Backend& backend, kernels::ThreadPool& pool);

  /// Both halves: all users, then all items. progress.check() is asked every few thousand rows.
  void iterate(const Progress& progress);
  /// The objective of the present factors, over all users and all items.
  double objective() const;

  kernels::ConstMatrix user_factors() const { return {users_.data(), user_count_, options_.factors}; }
  kernels::ConstMatrix item_factors() const { return {items_.data(), item_count_, options_.factors}; }

 private:
  void solve(const PairRows& pairs, kernels::Matrix fixed, kernels::Matrix solved, const Progress& progress);
  void solve_rows(const PairRows& pairs, std::size_t first, kernels::ConstMatrix fixed,
                  kernels::Matrix solved) const;
  void descend_rows(const PairRows& pairs, std::size_t first, kernels::ConstMatrix fixed,
                    kernels::Matrix solved) const;
  /// Makes gram_ diagonal, and the two sides fit it.
  void rotate(kernels::Matrix fixed, kernels::Matrix solved);

  const Interactions& interactions_;
  MfOptions options_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  std::size_t user_count_;
  std::size_t item_count_;
  std::vector<float> users_;  // [user_count_, factors]
  std::vector<float> items_;  // [item_count_, factors]
  std::vector<float> gram_;   // [factors, factors] of the side that is still
};

/// factors^T factors [d, d], summed over blocks of rows in their order, in doubles.
std::vector<double> gram_of(kernels::ConstMatrix factors, const kernels::Backend& backend,
                            kernels::ThreadPool& pool);

}  // namespace segue::index
