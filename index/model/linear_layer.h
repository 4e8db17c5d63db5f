#pragma once

#include <span>

#include "kernels/backend.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// y [n, out] = x [n, in] weight' + bias, weight [out, in] as PyTorch keeps it.
inline void linear(const kernels::Backend& backend, kernels::ConstMatrix x, kernels::ConstMatrix weight,
                   std::span<const float> bias, kernels::Matrix y) {
  backend.matmul(x, kernels::Op::kNone, weight, kernels::Op::kTranspose, 1, 0, y);
  backend.add_bias(y, bias);
}

/// Its way back: adds to the gradients of weight and bias; dx becomes beta dx + its gradient.
inline void linear_backward(const kernels::Backend& backend, kernels::ConstMatrix x,
                            kernels::ConstMatrix weight, kernels::ConstMatrix dy, kernels::Matrix d_weight,
                            std::span<float> d_bias, float beta, kernels::Matrix dx) {
  backend.matmul(dy, kernels::Op::kTranspose, x, kernels::Op::kNone, 1, 1, d_weight);
  backend.add_bias_backward(dy, d_bias);
  backend.matmul(dy, kernels::Op::kNone, weight, kernels::Op::kNone, 1, beta, dx);
}

}  // namespace segue::index
