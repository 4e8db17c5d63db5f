#include "kernels/cpu/attention_gradients.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/head.h"
#include "kernels/cpu/scratch.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/attention_backward_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/attention_backward_impl.h"

namespace segue::kernels {

HWY_EXPORT(attend_backward);

void CpuBackend::attention_backward(const AttentionShape& shape, Offsets offsets, ConstMatrix q,
                                    ConstMatrix k, ConstMatrix v, ConstMatrix out, ConstMatrix log_sum_exp,
                                    ConstMatrix dout, Matrix dq, Matrix dk, Matrix dv) const {
  shapes::attention(shape, offsets, q, k, v, out, log_sum_exp);
  shapes::attention_backward(q, log_sum_exp, dout, dq, dk, dv);
  thread_local Scratch scratch;
  const AttentionGradients matrices{q, k, v, out, log_sum_exp, dout, dq, dk, dv};
  const auto run = HWY_DYNAMIC_DISPATCH(attend_backward);
  each_head(shape, offsets, [&](const Head& head) { run(head, matrices, scratch); });
}

}  // namespace segue::kernels
