#include <cmath>
#include <span>

#include "kernels/cpu/head_impl.h"
#include "kernels/cpu/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

HWY_INLINE float largest(const float* row, std::size_t count) {
  const Floats d;
  const Vector first = hn::Set(d, row[0]);
  Vector most = first;
  each_vector(count, [&](std::size_t j, auto lanes)
                         HWY_ATTR { most = hn::Max(most, lanes.keep_or(d, lanes.load(d, row + j), first)); });
  return max_of(most);
}

/// A head of a sequence. The weights stay unnormalised, and each row of the output is divided by their sum.
void attend(const Head& head, ConstMatrix q, ConstMatrix k, ConstMatrix v, Matrix out, Matrix log_sum_exp,
            Scratch& scratch) {
  const Floats d;
  const HeadPlan plan(head);
  float* weights =
      scratch.take(plan.length * (plan.keys + plan.width) + plan.size * plan.keys + 3 * plan.keys);
  float* keys = weights + plan.length * plan.keys;
  float* values = keys + plan.size * plan.keys;
  float* tops = values + plan.length * plan.width;
  float* sums = tops + plan.keys;
  float* factors = sums + plan.keys;

  pack_transposed(head.of(k), keys, plan.keys);
  pack(head.of(v), values, plan.width);
  product(left(head.of(q)), {keys, plan.keys}, plan.length, plan.scores(),
          into(weights, plan.keys, head.scale));
  for (std::size_t t = 0; t < plan.length; ++t) {
    float* row = weights + t * plan.keys;
    const MaskKey mask = head.mask_of(t);
    tops[t] = largest(row, t + 1);
    const Vector top = hn::Set(d, tops[t]);
    Vector sum = hn::Zero(d);
    each_vector(t + 1, [&](std::size_t j, auto lanes) HWY_ATTR {
      Vector weight = exp_of(hn::Sub(hn::LoadU(d, row + j), top));
      weight = lanes.keep_or(d, weight, hn::Zero(d));
      sum = hn::Add(sum, weight);
      if (head.limit != 0) weight = hn::IfThenZeroElse(dropped(mask, j, head.limit), weight);
      hn::StoreU(weight, d, row + j);
    });
    clear_behind(row, t + 1, plan.keys);
    sums[t] = sum_of(sum);
  }
  each_vector(plan.length, [&](std::size_t t, auto lanes) HWY_ATTR {
    lanes.store(d, hn::Div(hn::Set(d, head.keep), lanes.load(d, sums + t)), factors + t);
  });
  product(left(weights, plan.keys), {values, plan.width}, plan.length, plan.over_keys(),
          into(head.of(out), [factors](std::size_t t) { return factors[t]; }));

  if (log_sum_exp.data == nullptr) return;
  each_vector(plan.length, [&](std::size_t t, auto lanes) HWY_ATTR {
    lanes.store(d, hn::Add(lanes.load(d, tops + t), hn::Log(d, lanes.load(d, sums + t))), sums + t);
  });
  for (std::size_t t = 0; t < plan.length; ++t) log_sum_exp(head.begin + t, head.index) = sums[t];
}

/// weights [past] = q . keys, each.
HWY_INLINE void score(const float* q, ConstMatrix keys, float scale, float* weights) {
  const Floats d;
  for (std::size_t t = 0; t < keys.rows; ++t) {
    const float* key = keys.row(t);
    Vector sum = hn::Zero(d);
    each_vector(keys.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
      sum = hn::MulAdd(lanes.load(d, q + c), lanes.load(d, key + c), sum);
    });
    weights[t] = scale * sum_of(sum);
  }
}

/// out [cols] = factor times the sum of the values' rows times their weights. Four running sums hide the
/// latency of one.
HWY_INLINE void mix(const float* weights, ConstMatrix values, float factor, float* out) {
  const Floats d;
  each_vector(values.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    Vector sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    std::size_t t = 0;
    for (; t + 4 <= values.rows; t += 4) {
      for (std::size_t i = 0; i < 4; ++i) {
        sums[i] = hn::MulAdd(hn::Set(d, weights[t + i]), lanes.load(d, values.row(t + i) + c), sums[i]);
      }
    }
    for (; t < values.rows; ++t) {
      sums[0] = hn::MulAdd(hn::Set(d, weights[t]), lanes.load(d, values.row(t) + c), sums[0]);
    }
    const Vector sum = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
    lanes.store(d, hn::Mul(sum, hn::Set(d, factor)), out + c);
  });
}

/// One head's query against all its keys; weights is room for one float a key.
void attend_last(const float* q, ConstMatrix keys, ConstMatrix values, float scale, float* weights,
                 float* out) {
  const Floats d;
  score(q, keys, scale, weights);
  const Vector top = hn::Set(d, largest(weights, keys.rows));
  Vector sum = hn::Zero(d);
  each_vector(keys.rows, [&](std::size_t t, auto lanes) HWY_ATTR {
    const Vector weight = exp_of(hn::Sub(lanes.load(d, weights + t), top));
    sum = hn::Add(sum, lanes.keep_or(d, weight, hn::Zero(d)));
    lanes.store(d, weight, weights + t);
  });
  mix(weights, values, 1.0f / sum_of(sum), out);
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
