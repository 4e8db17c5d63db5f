#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/blas.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/error.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

/// Factor rows that one product takes in at a time: 64 rows of 128 floats are half of a first-level cache.
constexpr std::size_t kBlock = 64;

/// Room that a thread keeps for its next call.
struct Room {
  std::vector<float> system;    // [d, d]
  std::vector<float> rows;      // [kBlock, d]
  std::vector<float> weighted;  // [kBlock, d]
};

float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// Overwrites the lower triangle of a with L, a = L L^T.
void cholesky(Matrix a) {
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) a(i, j) = (a(i, j) - dot(a.row(i), a.row(j), j)) / a(j, j);
    const float pivot = a(i, i) - dot(a.row(i), a.row(i), i);
    if (!(pivot > 0) || !std::isfinite(pivot)) {
      throw Error(ErrorKind::kBadInput, "the least-squares system is not positive definite", "als_solve",
                  "raise the regularisation, and see that factors and confidences are finite");
    }
    a(i, i) = std::sqrt(pivot);
  }
}

/// Overwrites x with the solution of L L^T y = x.
void substitute(ConstMatrix lower, std::span<float> x) {
  const std::size_t d = x.size();
  for (std::size_t i = 0; i < d; ++i) x[i] = (x[i] - dot(lower.row(i), x.data(), i)) / lower(i, i);
  for (std::size_t i = d; i-- > 0;) {
    x[i] /= lower(i, i);
    for (std::size_t j = 0; j < i; ++j) x[j] -= lower(i, j) * x[i];
  }
}

}  // namespace

void CpuBackend::als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
                           std::span<const float> confidence, float ridge, std::span<float> x) const {
  shapes::als_solve(gram, factors, items, confidence, x);
  const std::size_t d = x.size();
  thread_local Room room;
  room.system.resize(d * d);
  room.rows.resize(kBlock * d);
  room.weighted.resize(kBlock * d);

  const Matrix system(room.system.data(), d, d);
  for (std::size_t r = 0; r < d; ++r) {
    std::copy_n(gram.row(r), d, system.row(r));
    system(r, r) += ridge;
  }
  std::fill(x.begin(), x.end(), 0.0f);
  for (std::size_t begin = 0; begin < items.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, items.size() - begin);
    const Matrix rows(room.rows.data(), count, d);
    const Matrix weighted(room.weighted.data(), count, d);
    for (std::size_t i = 0; i < count; ++i) {
      const float* factor = factors.row(items[begin + i]);
      const float extra = confidence[begin + i];
      for (std::size_t c = 0; c < d; ++c) {
        rows(i, c) = factor[c];
        weighted(i, c) = extra * factor[c];
        x[c] += (1.0f + extra) * factor[c];
      }
    }
    blas::gemm(rows, Op::kTranspose, weighted, Op::kNone, count, 1, 1, system);
  }
  cholesky(system);
  substitute(system, x);
}

}  // namespace segue::kernels
