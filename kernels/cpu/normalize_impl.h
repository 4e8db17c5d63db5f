#include <cmath>
#include <span>

#include "kernels/cpu/lanes_impl.h"
#include "kernels/tensor_view.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

HWY_INLINE float dot_of(const float* a, const float* b, std::size_t count) {
  const Floats d;
  Vector sum = hn::Zero(d);
  each_vector(count, [&](std::size_t c, auto lanes)
                         HWY_ATTR { sum = hn::MulAdd(lanes.load(d, a + c), lanes.load(d, b + c), sum); });
  return sum_of(sum);
}

void scale_to_length(ConstMatrix x, float scale, Matrix y, std::span<float> norms) {
  const Floats d;
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* in = x.row(r);
    float* out = y.row(r);
    const float norm = std::sqrt(dot_of(in, in, x.cols));
    const Vector factor = hn::Set(d, norm > 0 ? scale / norm : 0.0f);
    each_vector(x.cols, [&](std::size_t c, auto lanes)
                            HWY_ATTR { lanes.store(d, hn::Mul(factor, lanes.load(d, in + c)), out + c); });
    if (!norms.empty()) norms[r] = norm;
  }
}

/// dx = scale / |x| (dy - (y . dy) y / scale^2): what is left of dy across the direction of x.
void scale_to_length_backward(ConstMatrix y, float scale, std::span<const float> norms, ConstMatrix dy,
                              Matrix dx) {
  const Floats d;
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* direction = y.row(r);
    const float* up = dy.row(r);
    float* out = dx.row(r);
    // A row of zeros has no direction to turn: its gradient is taken as 0.
    const Vector factor = hn::Set(d, norms[r] > 0 ? scale / norms[r] : 0.0f);
    const Vector along = hn::Set(d, scale != 0 ? dot_of(direction, up, y.cols) / (scale * scale) : 0.0f);
    each_vector(y.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
      const Vector across = hn::NegMulAdd(along, lanes.load(d, direction + c), lanes.load(d, up + c));
      lanes.store(d, hn::Mul(factor, across), out + c);
    });
  }
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
