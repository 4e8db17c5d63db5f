#include <algorithm>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/dropout_mask.h"
#include "kernels/shapes.h"

namespace segue::kernels {

void CpuBackend::dropout(std::span<float> x, float p, std::uint64_t seed) const {
  shapes::probability("dropout", p);
  if (p == 0) return;
  constexpr std::size_t kStream = std::size_t{1} << 32;
  const std::uint32_t limit = drop_limit(p);
  const float keep = 1.0f / (1.0f - p);
  for (std::size_t begin = 0; begin < x.size(); begin += kStream) {
    const MaskKey key = mask_key(seed, begin / kStream);
    const std::size_t count = std::min(kStream, x.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      x[begin + i] = mask_word(key, static_cast<std::uint32_t>(i)) < limit ? 0.0f : x[begin + i] * keep;
    }
  }
}

}  // namespace segue::kernels
