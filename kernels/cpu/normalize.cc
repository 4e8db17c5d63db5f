#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/normalize_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/normalize_impl.h"

namespace segue::kernels {

HWY_EXPORT(scale_to_length);
HWY_EXPORT(scale_to_length_backward);

void CpuBackend::normalize_rows(ConstMatrix x, float scale, Matrix y, std::span<float> norms) const {
  shapes::normalize_rows(x, y, norms);
  HWY_DYNAMIC_DISPATCH(scale_to_length)(x, scale, y, norms);
}

void CpuBackend::normalize_rows_backward(ConstMatrix y, float scale, std::span<const float> norms,
                                         ConstMatrix dy, Matrix dx) const {
  shapes::normalize_rows_backward(y, norms, dy, dx);
  HWY_DYNAMIC_DISPATCH(scale_to_length_backward)(y, scale, norms, dy, dx);
}

}  // namespace segue::kernels
