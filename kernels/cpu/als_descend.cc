#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/scratch.h"
#include "kernels/error.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/als_descend_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/als_descend_impl.h"

namespace segue::kernels {

HWY_EXPORT(descend_rows);

void CpuBackend::als_descend(const AlsRows& rows, std::span<const float> diagonal, ConstMatrix factors,
                             std::size_t steps, Matrix x) const {
  shapes::als_descend(rows, diagonal, factors, x);
  thread_local Scratch scratch;
  if (!HWY_DYNAMIC_DISPATCH(descend_rows)(rows, diagonal, factors, steps, x, scratch)) {
    throw Error(ErrorKind::kBadInput, "a least-squares system is not positive definite", "als_descend",
                "raise the regularisation, and see that factors and confidences are finite");
  }
}

}  // namespace segue::kernels
