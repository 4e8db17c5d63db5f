#include "index/model/truncated_svd.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "index/model/random_stream.h"
#include "index/model/sparse_symmetric.h"
#include "kernels/symmetric_eigen.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;
using kernels::Op;

// Each adds up on its own, in the order of the rows, and they are added in theirs: so nothing depends on the
// number of threads.
constexpr std::size_t kShards = 4;
constexpr std::size_t kRowsBetweenChecks = 8192;

/// to += A[begin, end)^T A[begin, end) x, row by row.
void add_gram(const SparseRows& a, std::size_t begin, std::size_t end, ConstMatrix x, Matrix to) {
  std::vector<float> product(x.cols);
  for (std::size_t r = begin; r < end; ++r) {
    std::fill(product.begin(), product.end(), 0.0f);
    for (std::size_t e = a.offsets[r]; e < a.offsets[r + 1]; ++e) {
      const float* from = x.row(a.indices[e]);
      for (std::size_t c = 0; c < product.size(); ++c) product[c] += a.values[e] * from[c];
    }
    for (std::size_t e = a.offsets[r]; e < a.offsets[r + 1]; ++e) {
      float* into = to.row(a.indices[e]);
      for (std::size_t c = 0; c < product.size(); ++c) into[c] += a.values[e] * product[c];
    }
  }
}

/// y = A^T A x.
void multiply_gram(const SparseRows& a, ConstMatrix x, Matrix y, std::array<MatrixBuffer, kShards>& shards,
                   kernels::ThreadPool& pool, const Progress& progress) {
  for (MatrixBuffer& shard : shards) shard.reshape_to_zeros(x.rows, x.cols);
  const std::size_t share = (a.rows() + kShards - 1) / kShards;
  for (std::size_t first = 0; first < share; first += kRowsBetweenChecks) {
    progress.check();
    pool.run(kShards, [&](std::size_t s) {
      const std::size_t limit = std::min(a.rows(), (s + 1) * share);
      const std::size_t begin = std::min(limit, s * share + first);
      add_gram(a, begin, std::min(limit, begin + kRowsBetweenChecks), x, shards[s].view());
    });
  }
  std::fill_n(y.data, y.rows * y.cols, 0.0f);
  for (const MatrixBuffer& shard : shards) {
    const auto from = shard.flat();
    for (std::size_t i = 0; i < from.size(); ++i) y.data[i] += from[i];
  }
}

void settle_signs(Matrix right) {
  for (std::size_t c = 0; c < right.cols; ++c) {
    float largest = 0;
    for (std::size_t r = 0; r < right.rows; ++r) {
      if (std::fabs(right(r, c)) > std::fabs(largest)) largest = right(r, c);
    }
    if (largest >= 0) continue;
    for (std::size_t r = 0; r < right.rows; ++r) right(r, c) = -right(r, c);
  }
}

}  // namespace

TruncatedSvd truncated_svd(const SparseRows& matrix, const SvdOptions& options,
                           const kernels::Backend& backend, kernels::ThreadPool& pool,
                           const Progress& progress) {
  const std::size_t n = matrix.columns;
  // A quarter more than is wanted, so that the last ones converge as well.
  const std::size_t l = std::min({n, matrix.rows(), options.count + options.count / 4 + 8});
  TruncatedSvd result;
  if (l == 0 || options.count == 0) return result;

  MatrixBuffer basis, image, scratch;
  std::array<MatrixBuffer, kShards> shards;
  basis.reshape(n, l);
  RandomStream random(options.seed);
  for (float& x : basis.flat()) x = random.normal();
  for (std::size_t i = 0; i < options.iterations; ++i) {
    orthonormalize(basis, scratch, backend, pool);
    multiply_gram(matrix, basis.view(), image.reshape(n, l), shards, pool, progress);
    std::swap(basis, image);
  }
  orthonormalize(basis, scratch, backend, pool);
  multiply_gram(matrix, basis.view(), image.reshape(n, l), shards, pool, progress);
  MatrixBuffer projected;
  backend.matmul(basis.view(), Op::kTranspose, image.view(), Op::kNone, 1, 0, projected.reshape(l, l));

  std::vector<double> small(l * l);
  for (std::size_t i = 0; i < l; ++i) {  // symmetric up to rounding: made so exactly
    for (std::size_t j = 0; j < l; ++j)
      small[i * l + j] = (static_cast<double>(projected.view()(i, j)) + projected.view()(j, i)) / 2;
  }
  std::vector<double> vectors;
  result.values = kernels::symmetric_eigen(small, l, vectors);
  std::size_t keep = 0;
  // A value this small beside the first is rounding.
  while (keep < std::min(options.count, l) && result.values[keep] > 1e-6 * result.values.front()) ++keep;
  result.values.resize(keep);
  for (double& value : result.values) value = std::sqrt(value);
  if (keep == 0) return result;
  std::vector<float> rotation(l * keep);
  for (std::size_t i = 0; i < l; ++i) {
    for (std::size_t j = 0; j < keep; ++j) rotation[i * keep + j] = static_cast<float>(vectors[i * l + j]);
  }
  backend.matmul(basis.view(), Op::kNone, {rotation.data(), l, keep}, Op::kNone, 1, 0,
                 result.right.reshape(n, keep));
  settle_signs(result.right.view());
  return result;
}

}  // namespace segue::index
