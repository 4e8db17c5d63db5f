#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/scratch.h"
#include "kernels/error.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/als_solve_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/als_solve_impl.h"

namespace segue::kernels {

HWY_EXPORT(solve_least_squares);

void CpuBackend::als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
                           std::span<const float> confidence, float ridge, std::span<float> x) const {
  shapes::als_solve(gram, factors, items, confidence, x);
  thread_local Scratch scratch;
  if (!HWY_DYNAMIC_DISPATCH(solve_least_squares)(gram, factors, items, confidence, ridge, x, scratch)) {
    throw Error(ErrorKind::kBadInput, "the least-squares system is not positive definite", "als_solve",
                "raise the regularisation, and see that factors and confidences are finite");
  }
}

}  // namespace segue::kernels
