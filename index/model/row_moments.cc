#include "index/model/row_moments.h"

#include <algorithm>
#include <cmath>

#include "index/model/matrix_buffer.h"

namespace segue::index {
namespace {

constexpr std::size_t kBlockRows = 1024;

}  // namespace

RowMoments::RowMoments(kernels::ConstMatrix rows, std::span<const std::int32_t> items, const ItemSet& group,
                       const kernels::Backend& backend)
    : mean_(rows.cols), covariance_(rows.cols * rows.cols) {
  const std::size_t d = rows.cols;
  const auto n = static_cast<double>(group.count());
  if (n == 0 || d == 0) return;
  // Blocks of rows by the fp32 kernel, their sums in fp64: no loss with millions of items.
  MatrixBuffer block, products;
  for (std::size_t next = 0; next < items.size();) {
    const kernels::Matrix taken = block.reshape(kBlockRows, d);
    std::size_t count = 0;
    for (; next < items.size() && count < kBlockRows; ++next) {
      if (group.contains(static_cast<ItemId>(items[next])))
        std::copy_n(rows.row(next), d, taken.row(count++));
    }
    if (count == 0) continue;
    const kernels::ConstMatrix y = taken.rows_at(0, count);
    backend.matmul(y, kernels::Op::kTranspose, y, kernels::Op::kNone, 1, 0, products.reshape(d, d));
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < d; ++c) mean_[c] += static_cast<double>(y(r, c));
    }
    for (std::size_t i = 0; i < d * d; ++i) covariance_[i] += static_cast<double>(products.flat()[i]);
  }
  for (double& x : mean_) x /= n;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      double& entry = covariance_[i * d + j];
      entry = entry / n - mean_[i] * mean_[j];
    }
  }
}

ScoreMoments RowMoments::of(std::span<const float> query) const {
  const std::size_t d = mean_.size();
  double mean = 0;
  double variance = 0;
  for (std::size_t i = 0; i < d; ++i) {
    mean += static_cast<double>(query[i]) * mean_[i];
    double row = 0;
    for (std::size_t j = 0; j < d; ++j) row += covariance_[i * d + j] * static_cast<double>(query[j]);
    variance += static_cast<double>(query[i]) * row;
  }
  return {mean, std::sqrt(std::max(0.0, variance))};
}

}  // namespace segue::index
