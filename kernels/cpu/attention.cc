#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/head.h"
#include "kernels/cpu/scratch.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/attention_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/attention_impl.h"

namespace segue::kernels {

HWY_EXPORT(attend);
HWY_EXPORT(attend_last);

void CpuBackend::attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k,
                           ConstMatrix v, Matrix out, Matrix log_sum_exp) const {
  shapes::attention(shape, offsets, q, k, v, out, log_sum_exp);
  thread_local Scratch scratch;
  const auto run = HWY_DYNAMIC_DISPATCH(attend);
  each_head(shape, offsets, [&](const Head& head) { run(head, q, k, v, out, log_sum_exp, scratch); });
}

void CpuBackend::attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                                ConstMatrix values, std::span<float> out) const {
  shapes::attention_step(shape, q, keys, values, out);
  thread_local Scratch scratch;
  float* weights = scratch.take(keys.rows);
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_size));
  for (std::size_t column = 0; column < q.size(); column += shape.head_size) {
    HWY_DYNAMIC_DISPATCH(attend_last)
    (q.data() + column, keys.cols_at(column, shape.head_size), values.cols_at(column, shape.head_size), scale,
     weights, out.data() + column);
  }
}

}  // namespace segue::kernels
