#include <cmath>
#include <span>

#include "kernels/cpu/lanes_impl.h"
#include "kernels/tensor_view.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

struct RowStatistics {
  float mean;
  float inverse_deviation;
};

/// y = gain (x - mean) / sqrt(variance + epsilon) + bias for one row. Two passes for the variance: one pass
/// would lose its digits where the mean is large.
HWY_INLINE RowStatistics layer_norm_row(const float* x, const float* gain, const float* bias, float epsilon,
                                        float* y, std::size_t cols) {
  const Floats d;
  const float share = 1.0f / static_cast<float>(cols);
  Vector sum = hn::Zero(d);
  each_vector(cols, [&](std::size_t c, auto lanes) HWY_ATTR { sum = hn::Add(sum, lanes.load(d, x + c)); });
  const float mean = sum_of(sum) * share;
  const Vector middle = hn::Set(d, mean);
  Vector squares = hn::Zero(d);
  each_vector(cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    const Vector off = lanes.keep_or(d, hn::Sub(lanes.load(d, x + c), middle), hn::Zero(d));
    squares = hn::MulAdd(off, off, squares);
  });
  const float inverse = 1.0f / std::sqrt(sum_of(squares) * share + epsilon);
  const Vector factor = hn::Set(d, inverse);
  each_vector(cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    const Vector normal = hn::Mul(hn::Sub(lanes.load(d, x + c), middle), factor);
    lanes.store(d, hn::MulAdd(lanes.load(d, gain + c), normal, lanes.load(d, bias + c)), y + c);
  });
  return {mean, inverse};
}

/// With n = (x - mean) inverse and g = gain dy: dx = inverse (g - mean(g) - n mean(g n)), dgain += dy n,
/// dbias += dy.
HWY_INLINE void layer_norm_row_backward(const float* x, const float* dy, const float* gain, RowStatistics row,
                                        float* dx, float* dgain, float* dbias, std::size_t cols) {
  const Floats d;
  const Vector middle = hn::Set(d, row.mean);
  const Vector inverse = hn::Set(d, row.inverse_deviation);
  Vector sum = hn::Zero(d);
  Vector dot = hn::Zero(d);
  each_vector(cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    const Vector up = lanes.load(d, dy + c);
    const Vector normal = hn::Mul(hn::Sub(lanes.load(d, x + c), middle), inverse);
    const Vector g = hn::Mul(lanes.load(d, gain + c), up);  // 0 beyond the end, so that both sums are whole
    sum = hn::Add(sum, g);
    dot = hn::MulAdd(g, normal, dot);
    lanes.store(d, hn::MulAdd(up, normal, lanes.load(d, dgain + c)), dgain + c);
    lanes.store(d, hn::Add(up, lanes.load(d, dbias + c)), dbias + c);
  });
  const float share = 1.0f / static_cast<float>(cols);
  const Vector level = hn::Set(d, sum_of(sum) * share);
  const Vector along = hn::Set(d, sum_of(dot) * share);
  each_vector(cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    const Vector normal = hn::Mul(hn::Sub(lanes.load(d, x + c), middle), inverse);
    const Vector g = hn::Mul(lanes.load(d, gain + c), lanes.load(d, dy + c));
    lanes.store(d, hn::Mul(inverse, hn::NegMulAdd(normal, along, hn::Sub(g, level))), dx + c);
  });
}

void layer_norm_rows(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, float epsilon,
                     Matrix y, std::span<float> mean, std::span<float> inverse_deviation) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    const RowStatistics row = layer_norm_row(x.row(r), gain.data(), bias.data(), epsilon, y.row(r), x.cols);
    if (!mean.empty()) mean[r] = row.mean;
    if (!inverse_deviation.empty()) inverse_deviation[r] = row.inverse_deviation;
  }
}

void layer_norm_rows_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                              std::span<const float> mean, std::span<const float> inverse_deviation,
                              Matrix dx, std::span<float> dgain, std::span<float> dbias) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    layer_norm_row_backward(x.row(r), dy.row(r), gain.data(), {mean[r], inverse_deviation[r]}, dx.row(r),
                            dgain.data(), dbias.data(), x.cols);
  }
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
