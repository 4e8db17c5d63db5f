#include "kernels/cpu/lanes_impl.h"

#include "kernels/cpu/exp_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

// gelu(x) = x s(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3), since (1 + tanh(u)) / 2 is the logistic function s
// of 2 u.
constexpr float kTwiceRoot = 1.5957691216057308f;  // 2 sqrt(2 / pi)
constexpr float kCubic = 0.044715f;
// Where s has long been 0 or 1 in fp32; the cube of a larger number would overflow.
constexpr float kFlat = 15.0f;

/// s(2 u(x)) for |x| <= kFlat.
HWY_INLINE Vector gelu_gate(Vector x) {
  const Floats d;
  const Vector inner = hn::MulAdd(hn::Mul(x, x), hn::Set(d, kTwiceRoot * kCubic), hn::Set(d, kTwiceRoot));
  const Vector tail = exp_of(hn::Min(hn::Neg(hn::Mul(x, inner)), hn::Set(d, 87.0f)));
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), tail));
}

void gelu_forward(const float* x, float* y, std::size_t count) {
  const Floats d;
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    const Vector v = lanes.load(d, x + i);
    // e^-87 times a number that is not clamped would be wrong by that number: below -kFlat the result is -0.
    const Vector gate =
        hn::IfThenElseZero(hn::Ge(v, hn::Set(d, -kFlat)), gelu_gate(hn::Min(v, hn::Set(d, kFlat))));
    lanes.store(d, hn::Mul(v, gate), y + i);
  });
}

void gelu_slope(const float* x, const float* dy, float* dx, std::size_t count) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0f);
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    const Vector v = hn::Clamp(lanes.load(d, x + i), hn::Set(d, -kFlat), hn::Set(d, kFlat));
    const Vector gate = gelu_gate(v);
    const Vector inner_slope =
        hn::MulAdd(hn::Mul(v, v), hn::Set(d, 3 * kTwiceRoot * kCubic), hn::Set(d, kTwiceRoot));
    const Vector bend = hn::Mul(hn::Mul(v, hn::Sub(one, gate)), inner_slope);
    lanes.store(d, hn::Mul(lanes.load(d, dy + i), hn::Mul(gate, hn::Add(one, bend))), dx + i);
  });
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
