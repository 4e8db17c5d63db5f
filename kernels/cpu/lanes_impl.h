// What the vector loops of this folder share. A kernel's loops stand in NAME_impl.h, written once with
// Highway; NAME.cc includes that file through hwy/foreach_target.h, which compiles it for each instruction
// set, and calls the set of the processor at hand. Every *_impl.h is therefore included once per set and has
// no guard.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Words = hn::RebindToUnsigned<Floats>;
using Vector = hn::Vec<Floats>;

/// A full vector of elements at p.
struct Whole {
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* p) const {
    hn::StoreU(v, d, p);
  }
  /// v in the lanes that are elements, `other` in the rest.
  template <class D>
  HWY_INLINE hn::Vec<D> keep_or(D, hn::Vec<D> v, hn::Vec<D>) const {
    return v;
  }
};

/// The end of an array: `count` elements, fewer than a vector. Lanes beyond are loaded as 0 and never stored.
struct Part {
  std::size_t count;

  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D>* p) const {
    if constexpr (HWY_MEM_OPS_MIGHT_FAULT) {
      HWY_ALIGN hn::TFromD<D> room[hn::MaxLanes(D())] = {};
      std::memcpy(room, p, count * sizeof(*p));
      return hn::Load(d, room);
    } else {
      return hn::MaskedLoad(hn::FirstN(d, count), d, p);
    }
  }
  template <class D>
  HWY_INLINE void store(D d, hn::Vec<D> v, hn::TFromD<D>* p) const {
    if constexpr (HWY_MEM_OPS_MIGHT_FAULT) {
      HWY_ALIGN hn::TFromD<D> room[hn::MaxLanes(D())];
      hn::Store(v, d, room);
      std::memcpy(p, room, count * sizeof(*p));
    } else {
      hn::BlendedStore(v, hn::FirstN(d, count), d, p);
    }
  }
  template <class D>
  HWY_INLINE hn::Vec<D> keep_or(D d, hn::Vec<D> v, hn::Vec<D> other) const {
    return hn::IfThenElse(hn::FirstN(d, count), v, other);
  }
};

/// Calls step(i, lanes) for i = 0, N, 2 N ... below count; lanes is Whole, at the end perhaps Part.
template <class Step>
HWY_INLINE void each_vector(std::size_t count, const Step& step) {
  const std::size_t n = hn::Lanes(Floats());
  std::size_t i = 0;
  for (; i + n <= count; i += n) step(i, Whole());
  if (i < count) step(i, Part{count - i});
}

HWY_INLINE float sum_of(Vector v) {
  return hn::GetLane(hn::SumOfLanes(Floats(), v));
}
HWY_INLINE float max_of(Vector v) {
  return hn::GetLane(hn::MaxOfLanes(Floats(), v));
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
