#pragma once

#include <cstddef>
#include <span>

#include "index/model/matrix_buffer.h"
#include "kernels/backend.h"

namespace segue::index {

/// Causal attention of packed sequences that stand at the end of a window, with zeros before them. A place of
/// zeros has the biases as its key and its value, and is attended to like any other; what it attends to
/// itself nobody reads. Sequences are put into the window one after another, so that the memory is one
/// window's. One per thread.
class PaddedAttention {
 public:
  /// window: the most events of a sequence.
  PaddedAttention(std::size_t window, const kernels::Backend& backend) : window_(window), backend_(backend) {}

  /// qkv [tokens, 3d] with the biases [3d] added; out [tokens, d]; log_sum_exp [sequences * window, heads] is
  /// kept for the backward pass. The dropout of shape draws a mask for each sequence.
  void forward(const kernels::AttentionShape& shape, kernels::Offsets offsets, kernels::ConstMatrix qkv,
               std::span<const float> bias, kernels::Matrix out, kernels::Matrix log_sum_exp);

  /// What a forward pass was given and gave.
  struct Kept {
    kernels::ConstMatrix qkv;
    std::span<const float> bias;
    kernels::ConstMatrix out, log_sum_exp;
  };
  /// d_out [tokens, d]. Writes d_qkv [tokens, 3d]; adds to d_bias [3d] what the zeros contribute, which is
  /// all that d_qkv does not say.
  void backward(const kernels::AttentionShape& shape, kernels::Offsets offsets, const Kept& kept,
                kernels::ConstMatrix d_out, kernels::Matrix d_qkv, std::span<float> d_bias);

 private:
  /// The rows of a sequence behind rows that are all `filling`.
  kernels::ConstMatrix pad(kernels::ConstMatrix rows, std::span<const float> filling, MatrixBuffer& to) const;

  std::size_t window_;
  const kernels::Backend& backend_;
  MatrixBuffer qkv_, out_, d_out_, d_qkv_;  // of one window
};

}  // namespace segue::index
