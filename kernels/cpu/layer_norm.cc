#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/layer_norm_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/layer_norm_impl.h"

namespace segue::kernels {

HWY_EXPORT(layer_norm_rows);
HWY_EXPORT(layer_norm_rows_backward);

void CpuBackend::layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, Matrix y,
                            std::span<float> mean, std::span<float> inverse_deviation) const {
  constexpr float kEpsilon = 1e-5f;
  shapes::layer_norm(x, gain, bias, y, mean, inverse_deviation);
  HWY_DYNAMIC_DISPATCH(layer_norm_rows)(x, gain, bias, kEpsilon, y, mean, inverse_deviation);
}

void CpuBackend::layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                                     std::span<const float> mean, std::span<const float> inverse_deviation,
                                     Matrix dx, std::span<float> dgain, std::span<float> dbias) const {
  shapes::layer_norm_backward(x, dy, gain, mean, inverse_deviation, dx, dgain, dbias);
  HWY_DYNAMIC_DISPATCH(layer_norm_rows_backward)(x, dy, gain, mean, inverse_deviation, dx, dgain, dbias);
}

}  // namespace segue::kernels
