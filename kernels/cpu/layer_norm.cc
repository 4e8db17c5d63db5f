#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {
constexpr float kEpsilon = 1e-5f;
}

void CpuBackend::layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, Matrix y,
                            std::span<float> mean, std::span<float> inverse_deviation) const {
  shapes::layer_norm(x, gain, bias, y, mean, inverse_deviation);
  const float n = static_cast<float>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* in = x.row(r);
    float* out = y.row(r);
    float sum = 0;
    for (std::size_t c = 0; c < x.cols; ++c) sum += in[c];
    const float middle = sum / n;
    float squares = 0;
    for (std::size_t c = 0; c < x.cols; ++c) squares += (in[c] - middle) * (in[c] - middle);
    const float inverse = 1.0f / std::sqrt(squares / n + kEpsilon);
    for (std::size_t c = 0; c < x.cols; ++c) out[c] = gain[c] * ((in[c] - middle) * inverse) + bias[c];
    if (!mean.empty()) mean[r] = middle;
    if (!inverse_deviation.empty()) inverse_deviation[r] = inverse;
  }
}

void CpuBackend::layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                                     std::span<const float> mean, std::span<const float> inverse_deviation,
                                     Matrix dx, std::span<float> dgain, std::span<float> dbias) const {
  shapes::layer_norm_backward(x, dy, gain, mean, inverse_deviation, dx, dgain, dbias);
  const float n = static_cast<float>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* in = x.row(r);
    const float* up = dy.row(r);
    float* out = dx.row(r);
    const float middle = mean[r];
    const float inverse = inverse_deviation[r];
    float sum = 0;
    float dot = 0;
    for (std::size_t c = 0; c < x.cols; ++c) {
      const float normal = (in[c] - middle) * inverse;
      sum += gain[c] * up[c];
      dot += gain[c] * up[c] * normal;
      dgain[c] += up[c] * normal;
      dbias[c] += up[c];
    }
    for (std::size_t c = 0; c < x.cols; ++c) {
      const float normal = (in[c] - middle) * inverse;
      out[c] = inverse * (gain[c] * up[c] - sum / n - normal * (dot / n));
    }
  }
}

}  // namespace segue::kernels
