#include <algorithm>
#include <span>

#include "kernels/cpu/lanes_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Whether any of 64 scores is above the threshold. NaN never is.
HWY_INLINE bool any_above(const float* scores, Vector threshold) {
  const Floats d;
  auto above = hn::Gt(hn::LoadU(d, scores), threshold);
  for (std::size_t i = hn::Lanes(d); i < 64; i += hn::Lanes(d)) {
    above = hn::Or(above, hn::Gt(hn::LoadU(d, scores + i), threshold));
  }
  return !hn::AllFalse(d, above);
}

/// The next block of 64 scores, from `block` on, that has an allowed score above the threshold, or the number
/// of blocks. bits says which of the block's scores they are.
std::size_t next_block_above(std::span<const float> scores, std::span<const std::uint64_t> allowed,
                             std::size_t block, float threshold, std::uint64_t& bits) {
  const Vector level = hn::Set(Floats(), threshold);
  const std::size_t blocks = (scores.size() + 63) / 64;
  for (; block < blocks; ++block) {
    const std::uint64_t may = allowed.empty() ? ~std::uint64_t{0} : allowed[block];
    const std::size_t count = std::min<std::size_t>(64, scores.size() - 64 * block);
    if (may == 0 || (count == 64 && !any_above(scores.data() + 64 * block, level))) continue;
    std::uint64_t above = 0;
    for (std::size_t i = 0; i < count; ++i) above |= std::uint64_t{scores[64 * block + i] > threshold} << i;
    bits = above & may;
    if (bits != 0) break;
  }
  return block;
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
