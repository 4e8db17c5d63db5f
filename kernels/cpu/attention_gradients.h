#pragma once

#include "kernels/tensor_view.h"

namespace segue::kernels {

/// The matrices of Backend::attention_backward, under its names.
struct AttentionGradients {
  ConstMatrix q;
  ConstMatrix k;
  ConstMatrix v;
  ConstMatrix out;
  ConstMatrix log_sum_exp;
  ConstMatrix dout;
  Matrix dq;
  Matrix dk;
  Matrix dv;
};

}  // namespace segue::kernels
