#include "kernels/cpu/lanes_impl.h"
#include "kernels/cpu/mask_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Drops elements of x and multiplies the rest by keep; x is the stream of key from its beginning, count <=
/// 2^32.
void drop_stream(float* x, std::size_t count, MaskKey key, std::uint32_t limit, float keep) {
  const Floats d;
  const Vector factor = hn::Set(d, keep);
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    const Vector scaled = hn::Mul(lanes.load(d, x + i), factor);
    lanes.store(d, hn::IfThenZeroElse(dropped(key, i, limit), scaled), x + i);
  });
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
