#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/gelu_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/gelu_impl.h"

namespace segue::kernels {

HWY_EXPORT(gelu_forward);
HWY_EXPORT(gelu_slope);

void CpuBackend::gelu(std::span<const float> x, std::span<float> y) const {
  shapes::same_size("gelu", "y", y.size(), x.size());
  HWY_DYNAMIC_DISPATCH(gelu_forward)(x.data(), y.data(), x.size());
}

void CpuBackend::gelu_backward(std::span<const float> x, std::span<const float> dy,
                               std::span<float> dx) const {
  shapes::same_size("gelu_backward", "dy", dy.size(), x.size());
  shapes::same_size("gelu_backward", "dx", dx.size(), x.size());
  HWY_DYNAMIC_DISPATCH(gelu_slope)(x.data(), dy.data(), dx.data(), x.size());
}

}  // namespace segue::kernels
