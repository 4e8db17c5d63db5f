// Include kernels/cpu/lanes_impl.h first.

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// e^x for x up to 88, to within two units in the last place; 0 below -104. A NaN stays one, so that a loss
/// shows it: Highway's own would make it 0.
HWY_INLINE Vector exp_of(Vector x) {
  const Floats d;
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
