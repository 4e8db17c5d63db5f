#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace segue::kernels {

/// All eigenvalues of a dense symmetric matrix, falling, and their orthonormal vectors as the columns of
/// `vectors` [n, n], row-major. LAPACK's divide and conquer (dsyevd) on the calling thread: n^2 doubles of
/// scratch, twice. The sign of a vector is LAPACK's. Thread-safe. Throws std::invalid_argument where a
/// [n, n] is not of n^2 finite numbers, and std::runtime_error where LAPACK finds no answer.
std::vector<double> symmetric_eigen(std::span<const double> a, std::size_t n, std::vector<double>& vectors);

}  // namespace segue::kernels
