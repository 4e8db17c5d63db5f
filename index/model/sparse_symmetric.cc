#include "index/model/sparse_symmetric.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/model/random_stream.h"
#include "kernels/symmetric_eigen.h"

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
  pairs.values = kernels::symmetric_eigen(small, l, vectors);
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

}  // namespace segue::index
