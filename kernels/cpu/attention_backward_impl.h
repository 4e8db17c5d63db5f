#include "kernels/cpu/attention_gradients.h"
#include "kernels/cpu/head_impl.h"
#include "kernels/cpu/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

HWY_INLINE float dot_of(const float* a, const float* b, std::size_t count) {
  const Floats d;
  Vector sum = hn::Zero(d);
  each_vector(count, [&](std::size_t c, auto lanes)
                         HWY_ATTR { sum = hn::MulAdd(lanes.load(d, a + c), lanes.load(d, b + c), sum); });
  return sum_of(sum);
}

/// Turns scores into the weights that multiplied the values, and the slopes of those weights into the slopes
/// of the scores. dot = dout . out, by which softmax's sum enters (Dao et al., arXiv:2205.14135, section
/// B.2).
HWY_INLINE void softmax_row_backward(const Head& head, std::size_t t, float log_sum_exp, float dot,
                                     float* scores, float* slopes) {
  const Floats d;
  const MaskKey mask = head.mask_of(t);
  const Vector level = hn::Set(d, log_sum_exp);
  const Vector keep = hn::Set(d, head.keep);
  each_vector(t + 1, [&](std::size_t j, auto lanes) HWY_ATTR {
    Vector weight = exp_of(hn::Sub(hn::LoadU(d, scores + j), level));
    weight = lanes.keep_or(d, weight, hn::Zero(d));
    Vector kept = weight;
    Vector slope = hn::LoadU(d, slopes + j);
    if (head.limit != 0) {
      const auto off = dropped(mask, j, head.limit);
      kept = hn::IfThenZeroElse(off, hn::Mul(kept, keep));
      slope = hn::IfThenZeroElse(off, hn::Mul(slope, keep));
    }
    slope = hn::Mul(hn::Mul(weight, hn::Set(d, head.scale)), hn::Sub(slope, hn::Set(d, dot)));
    hn::StoreU(kept, d, scores + j);
    hn::StoreU(slope, d, slopes + j);
  });
}

void attend_backward(const Head& head, const AttentionGradients& m, Scratch& scratch) {
  const HeadPlan plan(head);
  const std::size_t square = plan.length * plan.keys;
  const std::size_t tall = plan.length * plan.width;
  const std::size_t wide = plan.size * plan.keys;
  float* weights = scratch.take(2 * square + 3 * tall + 2 * wide);
  float* slopes = weights + square;
  float* queries = slopes + square;
  float* keys = queries + tall;
  float* up = keys + tall;
  float* keys_across = up + tall;
  float* values_across = keys_across + wide;

  pack(head.of(m.q), queries, plan.width);
  pack(head.of(m.k), keys, plan.width);
  pack(head.of(m.dout), up, plan.width);
  pack_transposed(head.of(m.k), keys_across, plan.keys);
  pack_transposed(head.of(m.v), values_across, plan.keys);
  product(left(queries, plan.width), {keys_across, plan.keys}, plan.length, plan.scores(),
          into(weights, plan.keys, head.scale));
  product(left(up, plan.width), {values_across, plan.keys}, plan.length, plan.scores(),
          into(slopes, plan.keys, 1));
  const ConstMatrix out = head.of(m.out);
  for (std::size_t t = 0; t < plan.length; ++t) {
    float* weight = weights + t * plan.keys;
    float* slope = slopes + t * plan.keys;
    const float dot = dot_of(up + t * plan.width, out.row(t), plan.size);
    softmax_row_backward(head, t, m.log_sum_exp(head.begin + t, head.index), dot, weight, slope);
    clear_behind(weight, t + 1, plan.keys);
    clear_behind(slope, t + 1, plan.keys);
  }
  product(left_transposed(weights, plan.keys), {up, plan.width}, plan.length, plan.over_queries(),
          into(head.of(m.dv)));
  product(left(slopes, plan.keys), {keys, plan.width}, plan.length, plan.over_keys(), into(head.of(m.dq)));
  product(left_transposed(slopes, plan.keys), {queries, plan.width}, plan.length, plan.over_queries(),
          into(head.of(m.dk)));
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
