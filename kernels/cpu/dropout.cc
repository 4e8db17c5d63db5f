#include <algorithm>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/dropout_mask.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/dropout_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/dropout_impl.h"

namespace segue::kernels {

HWY_EXPORT(drop_stream);

void CpuBackend::dropout(std::span<float> x, float p, std::uint64_t seed) const {
  shapes::probability("dropout", p);
  if (p == 0) return;
  constexpr std::size_t kStream = std::size_t{1} << 32;
  for (std::size_t begin = 0; begin < x.size(); begin += kStream) {
    const std::size_t count = std::min(kStream, x.size() - begin);
    HWY_DYNAMIC_DISPATCH(drop_stream)
    (x.data() + begin, count, mask_key(seed, begin / kStream), drop_limit(p), 1.0f / (1.0f - p));
  }
}

}  // namespace segue::kernels
