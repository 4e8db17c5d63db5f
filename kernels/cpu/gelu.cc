#include <algorithm>
#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

constexpr float kTwiceRoot =
    1.5957691216057308f;  // 2 sqrt(2 / pi): (1 + tanh(u)) / 2 is the logistic function of 2 u
constexpr float kCubic = 0.044715f;

float logistic(float x) {
  return 1.0f / (1.0f + std::exp(-kTwiceRoot * (x + kCubic * x * x * x)));
}

}  // namespace

void CpuBackend::gelu(std::span<const float> x, std::span<float> y) const {
  shapes::same_size("gelu", "y", y.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * logistic(x[i]);
}

void CpuBackend::gelu_backward(std::span<const float> x, std::span<const float> dy,
                               std::span<float> dx) const {
  shapes::same_size("gelu_backward", "dy", dy.size(), x.size());
  shapes::same_size("gelu_backward", "dx", dx.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float inside =
        std::clamp(x[i], -20.0f, 20.0f);  // beyond, the slope is 0 or 1, and a cube may overflow
    const float s = logistic(inside);
    const float slope = kTwiceRoot * (1.0f + 3.0f * kCubic * inside * inside);
    dx[i] = dy[i] * (s + inside * s * (1.0f - s) * slope);
  }
}

}  // namespace segue::kernels
