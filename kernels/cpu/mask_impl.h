// The vector form of kernels/dropout_mask.h.
// Include kernels/cpu/lanes_impl.h first.

#include "kernels/dropout_mask.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Which of the elements from `first` on, of the stream that key chooses, have a mask_word below limit.
HWY_INLINE hn::Mask<Floats> dropped(MaskKey key, std::size_t first, std::uint32_t limit) {
  const Words w;
  const hn::RebindToSigned<Floats> s;
  // Iota(w, first) would build its vector lane by lane.
  const auto index = hn::Add(hn::Iota(w, 0), hn::Set(w, static_cast<std::uint32_t>(first)));
  auto x = hn::Add(hn::Mul(index, hn::Set(w, 0x9e3779b9u)), hn::Set(w, key.low));
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(w, 0x21f0aaadu));
  x = hn::Mul(hn::Xor(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(w, key.high)), hn::Set(w, 0x735a2d97u));
  x = hn::ShiftRight<8>(hn::Xor(x, hn::ShiftRight<15>(x)));
  return hn::RebindMask(Floats(), hn::Lt(hn::BitCast(s, x), hn::Set(s, static_cast<std::int32_t>(limit))));
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
