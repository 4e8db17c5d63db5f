// The vector form of kernels/dropout_mask.h.

#include "kernels/cpu/lanes_impl.h"
#include "kernels/dropout_mask.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// What is left of v, the elements from `first` on of the stream that key chooses: 0 where mask_word is below
/// limit.
HWY_INLINE Vector drop(Vector v, MaskKey key, std::uint32_t first, std::uint32_t limit) {
  const Words w;
  const hn::RebindToSigned<Floats> s;
  auto x = hn::Add(hn::Mul(hn::Iota(w, first), hn::Set(w, 0x9e3779b9u)), hn::Set(w, key.low));
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(w, 0x21f0aaadu));
  x = hn::Mul(hn::Xor(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(w, key.high)), hn::Set(w, 0x735a2d97u));
  x = hn::ShiftRight<8>(hn::Xor(x, hn::ShiftRight<15>(x)));
  const auto dropped = hn::Lt(hn::BitCast(s, x), hn::Set(s, static_cast<std::int32_t>(limit)));
  return hn::IfThenZeroElse(hn::RebindMask(Floats(), dropped), v);
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
