#include <algorithm>
#include <cmath>

#include "kernels/cpu/lanes_impl.h"

#include "kernels/cpu/exp_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// One row of sampled_softmax: p and n become their gradients, the loss is returned. Two passes over n with
/// the largest logit taken out, one to scale.
double sampled_softmax_row(float& p, float* n, std::uint32_t target, const std::uint32_t* ids,
                           const float* log_expected, std::size_t negatives, float gradient_scale) {
  const Floats d;
  const Words w;
  const auto own = hn::Set(w, target);
  const auto is_target = [&](std::size_t k, auto lanes)
                             HWY_ATTR { return hn::RebindMask(d, hn::Eq(lanes.load(w, ids + k), own)); };

  Vector tops = hn::Set(d, p);
  each_vector(negatives, [&](std::size_t k, auto lanes) HWY_ATTR {
    const Vector logit = hn::Sub(lanes.load(d, n + k), lanes.load(d, log_expected + k));
    const Vector held = hn::IfThenElse(is_target(k, lanes), tops, hn::Max(tops, logit));
    tops = lanes.keep_or(d, held, tops);
  });
  const float top = max_of(tops);
  const Vector level = hn::Set(d, top);
  Vector sums = hn::Zero(d);
  each_vector(negatives, [&](std::size_t k, auto lanes) HWY_ATTR {
    const Vector logit = hn::Sub(lanes.load(d, n + k), lanes.load(d, log_expected + k));
    const Vector weight = hn::IfThenZeroElse(is_target(k, lanes), exp_of(hn::Sub(logit, level)));
    lanes.store(d, weight, n + k);
    sums = hn::Add(sums, lanes.keep_or(d, weight, hn::Zero(d)));
  });
  const float others = sum_of(sums);
  const float total = std::exp(p - top) + others;
  const double loss = p == top ? std::log1p(others) : top - p + std::log(total);

  const float factor = gradient_scale / total;
  const Vector factors = hn::Set(d, factor);
  each_vector(negatives, [&](std::size_t k, auto lanes)
                             HWY_ATTR { lanes.store(d, hn::Mul(lanes.load(d, n + k), factors), n + k); });
  p = -others * factor;  // softmax - 1 without its cancellation
  return loss;
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
