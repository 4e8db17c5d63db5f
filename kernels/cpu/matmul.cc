#include <cblas.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

blasint to_blas(std::size_t length) {
  if (length > static_cast<std::size_t>(std::numeric_limits<blasint>::max())) {
    throw std::invalid_argument("matmul: a length is beyond what BLAS counts");
  }
  return static_cast<blasint>(length);
}

/// BLAS wants a leading dimension of at least the columns and never 0, also where no row follows.
blasint leading(ConstMatrix m) {
  return to_blas(std::max({m.stride, m.cols, std::size_t{1}}));
}

CBLAS_TRANSPOSE to_blas(Op op) {
  return op == Op::kTranspose ? CblasTrans : CblasNoTrans;
}

}  // namespace

void CpuBackend::matmul(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, float alpha, float beta,
                        Matrix c) const {
  const shapes::Product product = shapes::matmul(a, op_a, b, op_b, c);
  if (c.rows == 0 || c.cols == 0) return;
  cblas_sgemm(CblasRowMajor, to_blas(op_a), to_blas(op_b), to_blas(product.m), to_blas(product.n),
              to_blas(product.k), alpha, a.data, leading(a), b.data, leading(b), beta, c.data, leading(c));
}

void CpuBackend::matvec(ConstMatrix x, std::span<const float> v, std::span<float> y) const {
  shapes::matvec(x, v, y);
  if (x.rows == 0) return;
  cblas_sgemv(CblasRowMajor, CblasNoTrans, to_blas(x.rows), to_blas(x.cols), 1.0f, x.data, leading(x),
              v.data(), 1, 0.0f, y.data(), 1);
}

}  // namespace segue::kernels
