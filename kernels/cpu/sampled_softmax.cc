#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/sampled_softmax_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/sampled_softmax_impl.h"

namespace segue::kernels {

HWY_EXPORT(sampled_softmax_row);

double CpuBackend::sampled_softmax(std::span<float> p, Matrix n, std::span<const std::uint32_t> target_ids,
                                   std::span<const std::uint32_t> negative_ids,
                                   std::span<const float> log_expected, float gradient_scale) const {
  shapes::sampled_softmax(p, n, target_ids, negative_ids, log_expected);
  double loss = 0;
  for (std::size_t r = 0; r < n.rows; ++r) {
    loss += HWY_DYNAMIC_DISPATCH(sampled_softmax_row)(p[r], n.row(r), target_ids[r], negative_ids.data(),
                                                      log_expected.data(), n.cols, gradient_scale);
  }
  return loss;
}

}  // namespace segue::kernels
