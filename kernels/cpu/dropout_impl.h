#include "kernels/cpu/mask_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// x = drop(x) times keep, for count <= 2^32 elements, which are the stream of key from its beginning.
void drop_stream(float* x, std::size_t count, MaskKey key, std::uint32_t limit, float keep) {
  const Floats d;
  const Vector factor = hn::Set(d, keep);
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    const Vector scaled = hn::Mul(lanes.load(d, x + i), factor);
    lanes.store(d, drop(scaled, key, static_cast<std::uint32_t>(i), limit), x + i);
  });
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
