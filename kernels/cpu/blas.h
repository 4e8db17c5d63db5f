#pragma once

#include <cstddef>

#include "kernels/backend.h"

/// The two products that several kernels share, so that OpenBLAS is called from one file. Shapes are the
/// caller's to check.
namespace segue::kernels::blas {

/// c = alpha op(a) op(b) + beta c, row-major; k is the inner length.
void gemm(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, std::size_t k, float alpha, float beta, Matrix c);

}  // namespace segue::kernels::blas
