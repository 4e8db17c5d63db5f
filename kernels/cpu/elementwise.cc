#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/elementwise_impl.h"
#include "hwy/foreach_target.h"
// foreach_target.h first: it includes the loops for all sets but the baseline.
#include "kernels/cpu/elementwise_impl.h"

namespace segue::kernels {

HWY_EXPORT(add_scaled);
HWY_EXPORT(add_to_rows);
HWY_EXPORT(add_columns);

void CpuBackend::add_bias(Matrix x, std::span<const float> bias) const {
  shapes::bias("add_bias", x, bias);
  HWY_DYNAMIC_DISPATCH(add_to_rows)(x, bias.data());
}

void CpuBackend::add_bias_backward(ConstMatrix dy, std::span<float> dbias) const {
  shapes::bias("add_bias_backward", dy, dbias);
  HWY_DYNAMIC_DISPATCH(add_columns)(dy, dbias.data());
}

void CpuBackend::axpy(float alpha, std::span<const float> x, std::span<float> y) const {
  shapes::same_size("axpy", "y", y.size(), x.size());
  HWY_DYNAMIC_DISPATCH(add_scaled)(alpha, x.data(), y.data(), x.size());
}

}  // namespace segue::kernels
