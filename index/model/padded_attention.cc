#include "index/model/padded_attention.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;

kernels::AttentionShape shape_of(const kernels::AttentionShape& shape, std::size_t sequence) {
  kernels::AttentionShape own = shape;
  own.seed = mix_seed(shape.seed, sequence);
  return own;
}

/// What a place of zeros has beside the key and the value: nobody reads what it asks for.
std::vector<float> filling_of(std::span<const float> bias) {
  std::vector<float> filling(bias.begin(), bias.end());
  std::fill_n(filling.begin(), bias.size() / 3, 0.0f);
  return filling;
}

}  // namespace

ConstMatrix PaddedAttention::pad(ConstMatrix rows, std::span<const float> filling, MatrixBuffer& to) const {
  const Matrix padded = to.reshape(window_, rows.cols);
  const std::size_t padding = window_ - rows.rows;
  for (std::size_t t = 0; t < padding; ++t) std::copy(filling.begin(), filling.end(), padded.row(t));
  for (std::size_t t = 0; t < rows.rows; ++t) std::copy_n(rows.row(t), rows.cols, padded.row(padding + t));
  return padded;
}

void PaddedAttention::forward(const kernels::AttentionShape& shape, kernels::Offsets offsets, ConstMatrix qkv,
                              std::span<const float> bias, Matrix out, Matrix log_sum_exp) {
  const std::size_t d = out.cols;
  const std::uint32_t whole[] = {0, static_cast<std::uint32_t>(window_)};
  const std::vector<float> filling = filling_of(bias);
  const Matrix padded_out = out_.reshape(window_, d);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t length = offsets[s + 1] - offsets[s];
    const ConstMatrix padded = pad(qkv.rows_at(offsets[s], length), filling, qkv_);
    backend_.attention(shape_of(shape, s), whole, padded.cols_at(0, d), padded.cols_at(d, d),
                       padded.cols_at(2 * d, d), padded_out, log_sum_exp.rows_at(s * window_, window_));
    for (std::size_t t = 0; t < length; ++t)
      std::copy_n(padded_out.row(window_ - length + t), d, out.row(offsets[s] + t));
  }
}

void PaddedAttention::backward(const kernels::AttentionShape& shape, kernels::Offsets offsets,
                               const Kept& kept, ConstMatrix d_out, Matrix d_qkv, std::span<float> d_bias) {
  const std::size_t d = d_out.cols;
  const std::uint32_t whole[] = {0, static_cast<std::uint32_t>(window_)};
  const std::vector<float> filling = filling_of(kept.bias);
  const std::vector<float> zeros(d);
  const Matrix d_padded = d_qkv_.reshape(window_, 3 * d);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t length = offsets[s + 1] - offsets[s];
    const std::size_t padding = window_ - length;
    const ConstMatrix padded = pad(kept.qkv.rows_at(offsets[s], length), filling, qkv_);
    const ConstMatrix padded_out = pad(kept.out.rows_at(offsets[s], length), zeros, out_);
    const ConstMatrix d_padded_out = pad(d_out.rows_at(offsets[s], length), zeros, d_out_);
    backend_.attention_backward(shape_of(shape, s), whole, padded.cols_at(0, d), padded.cols_at(d, d),
                                padded.cols_at(2 * d, d), padded_out,
                                kept.log_sum_exp.rows_at(s * window_, window_), d_padded_out,
                                d_padded.cols_at(0, d), d_padded.cols_at(d, d), d_padded.cols_at(2 * d, d));
    for (std::size_t t = 0; t < length; ++t)
      std::copy_n(d_padded.row(padding + t), 3 * d, d_qkv.row(offsets[s] + t));
    if (padding > 0)
      backend_.add_bias_backward(d_padded.rows_at(0, padding).cols_at(d, 2 * d), d_bias.subspan(d));
  }
}

}  // namespace segue::index
