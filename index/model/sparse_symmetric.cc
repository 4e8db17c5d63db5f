#include "index/model/sparse_symmetric.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;
using kernels::Op;

constexpr std::size_t kBlockRows = 256;

template <class Body>
void for_row_blocks(std::size_t rows, kernels::ThreadPool& pool, const Body& body) {
  pool.run((rows + kBlockRows - 1) / kBlockRows, [&](std::size_t block) {
    const std::size_t begin = block * kBlockRows;
    body(begin, std::min(kBlockRows, rows - begin));
  });
}

/// The inverse of the upper Cholesky factor of a Gram matrix [l, l]: columns times it are orthonormal. A
/// column that depends on the ones before it gets zeros and so disappears from the subspace.
std::vector<float> inverse_cholesky(const MatrixBuffer& gram) {
  const ConstMatrix g = gram.view();
  const std::size_t l = g.rows;
  std::vector<double> r(l * l);        // upper factor, rows contiguous
  std::vector<double> inverse(l * l);  // upper
  for (std::size_t i = 0; i < l; ++i) {
    double pivot = g(i, i);
    for (std::size_t k = 0; k < i; ++k) pivot -= r[k * l + i] * r[k * l + i];
    // fp32 products are good to about 1e-6 of a column's own square.
    if (!(pivot > 1e-5 * g(i, i)) || !(g(i, i) > 0)) continue;
    const double diagonal = std::sqrt(pivot);
    for (std::size_t j = i; j < l; ++j) {
      double sum = g(i, j);
      for (std::size_t k = 0; k < i; ++k) sum -= r[k * l + i] * r[k * l + j];
      r[i * l + j] = sum / diagonal;
    }
    inverse[i * l + i] = 1 / diagonal;
  }
  for (std::size_t j = 0; j < l; ++j) {
    if (inverse[j * l + j] == 0) continue;
    for (std::size_t i = j; i-- > 0;) {
      double sum = 0;
      for (std::size_t k = i + 1; k <= j; ++k) sum += r[i * l + k] * inverse[k * l + j];
      inverse[i * l + j] = -sum * inverse[i * l + i];
    }
  }
  return {inverse.begin(), inverse.end()};
}

/// to = from * right, row block by row block.
void multiply_right(ConstMatrix from, ConstMatrix right, Matrix to, const kernels::Backend& backend,
                    kernels::ThreadPool& pool) {
  for_row_blocks(from.rows, pool, [&](std::size_t begin, std::size_t count) {
    backend.matmul(from.rows_at(begin, count), Op::kNone, right, Op::kNone, 1, 0, to.rows_at(begin, count));
  });
}

}  // namespace

void orthonormalize(MatrixBuffer& y, MatrixBuffer& scratch, const kernels::Backend& backend,
                    kernels::ThreadPool& pool) {
  const std::size_t n = y.view().rows;
  const std::size_t l = y.view().cols;
  MatrixBuffer gram;
  // Twice, since once in fp32 leaves an error of the condition number squared.
  for (int pass = 0; pass < 2; ++pass) {
    backend.matmul(y.view(), Op::kTranspose, y.view(), Op::kNone, 1, 0, gram.reshape(l, l));
    const std::vector<float> inverse = inverse_cholesky(gram);
    multiply_right(y.view(), {inverse.data(), l, l}, scratch.reshape(n, l), backend, pool);
    std::swap(y, scratch);
  }
}

void multiply(const SparseSymmetric& a, ConstMatrix x, Matrix y, kernels::ThreadPool& pool,
              const Progress& progress) {
  constexpr std::size_t kSlabRows =
      32 * kBlockRows;  // some tenths of a second at worst between two questions
  for (std::size_t slab = 0; slab < a.size(); slab += kSlabRows) {
    progress.check();
    for_row_blocks(std::min(kSlabRows, a.size() - slab), pool, [&](std::size_t begin, std::size_t count) {
      for (std::size_t r = slab + begin; r < slab + begin + count; ++r) {
        float* out = y.row(r);
        std::fill_n(out, y.cols, 0.0f);
        for (std::size_t e = a.offsets[r]; e < a.offsets[r + 1]; ++e) {
          const float value = a.values[e];
          const float* in = x.row(a.columns[e]);
          for (std::size_t c = 0; c < y.cols; ++c) out[c] += value * in[c];
        }
      }
    });
  }
}

Eigenpairs largest_eigenpairs(const SparseSymmetric& a, const EigenOptions& options,
                              const kernels::Backend& backend, kernels::ThreadPool& pool,
                              const Progress& progress) {
  const std::size_t n = a.size();
  // Twice as many directions as are wanted, since those of large negative eigenvalues converge as well and
  // are no use.
  const std::size_t l = std::min(n, 2 * options.count + 8);
  MatrixBuffer basis, image, scratch;
  basis.reshape(n, l);
  RandomStream random(options.seed);
  for (float& x : basis.flat()) x = random.normal();
  for (std::size_t i = 0; i < options.iterations; ++i) {
    orthonormalize(basis, scratch, backend, pool);
    multiply(a, basis.view(), image.reshape(n, l), pool, progress);
    std::swap(basis, image);
  }
  orthonormalize(basis, scratch, backend, pool);
  multiply(a, basis.view(), image.reshape(n, l), pool, progress);
  MatrixBuffer projected;
  backend.matmul(basis.view(), Op::kTranspose, image.view(), Op::kNone, 1, 0, projected.reshape(l, l));

  std::vector<double> small(l * l);
  for (std::size_t i = 0; i < l; ++i) {  // symmetric up to rounding: made so exactly
    for (std::size_t j = 0; j < l; ++j)
      small[i * l + j] = 0.5 * (projected.view()(i, j) + projected.view()(j, i));
  }
  std::vector<double> vectors;
  Eigenpairs pairs;
  pairs.values = symmetric_eigen(small, l, vectors);
  std::size_t keep = 0;
  // A value this small beside the first is rounding.
  while (keep < std::min(options.count, l) && pairs.values[keep] > 1e-6 * std::abs(pairs.values.front()))
    ++keep;
  pairs.values.resize(keep);
  std::vector<float> rotation(l * keep);
  for (std::size_t i = 0; i < l; ++i) {
    for (std::size_t j = 0; j < keep; ++j) rotation[i * keep + j] = static_cast<float>(vectors[i * l + j]);
  }
  if (keep > 0) {
    multiply_right(basis.view(), {rotation.data(), l, keep}, pairs.vectors.reshape(n, keep), backend, pool);
  }
  return pairs;
}

std::vector<double> symmetric_eigen(std::vector<double>& a, std::size_t n, std::vector<double>& vectors) {
  std::vector<double> rows(n * n);  // eigenvectors as rows while they turn: contiguous
  for (std::size_t i = 0; i < n; ++i) rows[i * n + i] = 1;
  double total = 0;
  for (const double x : a) total += x * x;
  constexpr int kSweeps = 30;  // convergence is quadratic: 6 to 10 are usual
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double off = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) off += a[i * n + j] * a[i * n + j];
    }
    if (!(off > 1e-20 * total)) break;
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        const double apq = a[p * n + q];
        if (apq * apq <= 1e-24 * total / static_cast<double>(n * n)) continue;
        // Golub and Van Loan, algorithm 8.4.1: the smaller of the two angles that make a_pq zero.
        const double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        const double t = (tau >= 0 ? 1.0 : -1.0) / (std::abs(tau) + std::sqrt(1 + tau * tau));
        const double c = 1 / std::sqrt(1 + t * t);
        const double s = t * c;
        const auto rotate_rows = [&](std::vector<double>& m) {
          double* x = m.data() + p * n;
          double* y = m.data() + q * n;
          for (std::size_t k = 0; k < n; ++k) {
            const double old = x[k];
            x[k] = c * old - s * y[k];
            y[k] = s * old + c * y[k];
          }
        };
        rotate_rows(a);
        for (std::size_t k = 0; k < n; ++k) {
          const double old = a[k * n + p];
          a[k * n + p] = c * old - s * a[k * n + q];
          a[k * n + q] = s * old + c * a[k * n + q];
        }
        rotate_rows(rows);
      }
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return a[i * n + i] > a[j * n + j]; });
  std::vector<double> values(n);
  vectors.assign(n * n, 0);
  for (std::size_t j = 0; j < n; ++j) {
    values[j] = a[order[j] * n + order[j]];
    for (std::size_t i = 0; i < n; ++i) vectors[i * n + j] = rows[order[j] * n + i];
  }
  return values;
}

}  // namespace segue::index
