#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/adam_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/adam_impl.h"

namespace segue::kernels {

HWY_EXPORT(adam_elements);
HWY_EXPORT(adam_named_rows);

void CpuBackend::adam(const AdamStep& step, std::span<const float> gradient, std::span<float> weight,
                      std::span<float> first_moment, std::span<float> second_moment) const {
  shapes::adam(step, gradient, weight, first_moment, second_moment);
  HWY_DYNAMIC_DISPATCH(adam_elements)
  (AdamFactors(step), gradient.data(), weight.data(), first_moment.data(), second_moment.data(),
   weight.size());
}

void CpuBackend::adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
                           Matrix weight, Matrix first_moment, Matrix second_moment) const {
  shapes::adam_rows(step, rows, gradient, weight, first_moment, second_moment);
  HWY_DYNAMIC_DISPATCH(adam_named_rows)
  (AdamFactors(step), rows, gradient, weight, first_moment, second_moment);
}

}  // namespace segue::kernels
