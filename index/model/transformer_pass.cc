#include "index/model/transformer_pass.h"

#include <algorithm>
#include <cmath>

#include "index/model/linear_layer.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;

/// Places where dropout acts; those of block b begin at 1 + b * kSitesPerBlock.
enum Site : std::uint64_t {
  kInput = 0,
  kAttention = 1,
  kAttentionOutput = 2,
  kHidden = 3,
  kFeedForwardOutput = 4
};
constexpr std::uint64_t kSitesPerBlock = 4;

constexpr std::uint64_t site_of(std::size_t block, Site site) {
  return block * kSitesPerBlock + site;
}

}  // namespace

TransformerPass::TransformerPass(const TransformerConfig& config, const kernels::Backend& backend)
    : config_(config), backend_(backend), kept_(config.layers) {}

kernels::AttentionShape TransformerPass::attention_shape(const Dropout& dropout, std::size_t number) const {
  return {.heads = config_.heads,
          .head_size = config_.head_size(),
          .dropout = dropout.probability,
          .seed = mix_seed(dropout.seed, site_of(number, kAttention))};
}

void TransformerPass::drop(MatrixBuffer& x, const Dropout& dropout, std::uint64_t site) const {
  if (dropout.probability > 0) backend_.dropout(x.flat(), dropout.probability, mix_seed(dropout.seed, site));
}

ConstMatrix TransformerPass::forward(const ConstTransformerBody& body, ConstMatrix unit_items,
                                     const PackedTokens& packed, const Dropout& dropout) {
  const kernels::Offsets offsets = packed.offsets;
  const std::size_t n = packed.tokens.size();
  const std::size_t d = config_.width;
  const float scale = std::sqrt(static_cast<float>(d));
  const Matrix input = kept_[0].input.reshape(n, d);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const float* item = unit_items.row(packed.tokens[t]);
      const float* position = body.positions.row(t - offsets[s]);
      float* x = input.row(t);
      for (std::size_t c = 0; c < d; ++c) x[c] = scale * item[c] + position[c];
      for (const ContextId value : packed.contexts.input(t))
        backend_.axpy(1, body.context_in.row_span(value), {x, d});
    }
  }
  drop(kept_[0].input, dropout, kInput);
  for (std::size_t b = 0; b < config_.layers; ++b) {
    MatrixBuffer& output = b + 1 < config_.layers ? kept_[b + 1].input : last_;
    forward_block(body.blocks[b], b, offsets, dropout, output.reshape(n, d));
  }
  final_mean_.resize(n);
  final_inverse_.resize(n);
  final_norms_.resize(n);
  const Matrix hidden = hidden_.reshape(n, d);
  for (std::size_t t = 0; t < n; ++t) {
    for (const ContextId value : packed.contexts.target(t))
      backend_.axpy(1, body.context_out.row_span(value), last_.view().row_span(t));
  }
  backend_.layer_norm(last_.view(), body.final_gain, body.final_bias, hidden, final_mean_, final_inverse_);
  backend_.normalize_rows(hidden, 1, hidden, final_norms_);
  return hidden;
}

void TransformerPass::forward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                                    kernels::Offsets offsets, const Dropout& dropout, Matrix output) {
  Kept& kept = kept_[number];
  const Matrix input = kept.input.view();
  const std::size_t n = input.rows;
  const std::size_t d = config_.width;
  for (auto* statistic : {&kept.mean1, &kept.inverse1, &kept.mean2, &kept.inverse2}) statistic->resize(n);
  const std::span<float> output_flat(output.data, n * d);

  const Matrix norm1 = kept.norm1.reshape(n, d);
  backend_.layer_norm(input, block.norm1_gain, block.norm1_bias, norm1, kept.mean1, kept.inverse1);
  const Matrix qkv = kept.qkv.reshape(n, 3 * d);
  linear(backend_, norm1, block.qkv, block.qkv_bias, qkv);
  const Matrix attended = kept.attended.reshape(n, d);
  backend_.attention(attention_shape(dropout, number), offsets, qkv.cols_at(0, d), qkv.cols_at(d, d),
                     qkv.cols_at(2 * d, d), attended, kept.log_sum_exp.reshape(n, config_.heads));
  const Matrix middle = kept.middle.reshape(n, d);
  linear(backend_, attended, block.out, block.out_bias, middle);
  drop(kept.middle, dropout, site_of(number, kAttentionOutput));
  backend_.axpy(1, kept.input.flat(), kept.middle.flat());

  const Matrix norm2 = kept.norm2.reshape(n, d);
  backend_.layer_norm(middle, block.norm2_gain, block.norm2_bias, norm2, kept.mean2, kept.inverse2);
  const Matrix up = kept.up.reshape(n, config_.feed_forward);
  linear(backend_, norm2, block.up, block.up_bias, up);
  const Matrix activated = kept.activated.reshape(n, config_.feed_forward);
  backend_.gelu(kept.up.flat(), kept.activated.flat());
  drop(kept.activated, dropout, site_of(number, kHidden));
  linear(backend_, activated, block.down, block.down_bias, output);
  if (dropout.probability > 0) {
    backend_.dropout(output_flat, dropout.probability,
                     mix_seed(dropout.seed, site_of(number, kFeedForwardOutput)));
  }
  backend_.axpy(1, kept.middle.flat(), output_flat);
}

void TransformerPass::backward(const ConstTransformerBody& body, const PackedTokens& packed,
                               const Dropout& dropout, ConstMatrix d_hidden, const TransformerBody& gradient,
                               Matrix d_inputs) {
  const kernels::Offsets offsets = packed.offsets;
  const std::size_t n = d_hidden.rows;
  const std::size_t d = config_.width;
  const Matrix d_norm = d_norm_.reshape(n, d);
  backend_.normalize_rows_backward(hidden_.view(), 1, final_norms_, d_hidden, d_norm);
  backend_.layer_norm_backward(last_.view(), d_norm, body.final_gain, final_mean_, final_inverse_,
                               d_stream_.reshape(n, d), gradient.final_gain, gradient.final_bias);
  for (std::size_t t = 0; t < n; ++t) {
    for (const ContextId value : packed.contexts.target(t))
      backend_.axpy(1, d_stream_.view().row_span(t), gradient.context_out.row_span(value));
  }
  for (std::size_t b = config_.layers; b-- > 0;) {
    backward_block(body.blocks[b], b, offsets, dropout, gradient.blocks[b]);
  }
  drop(d_stream_, dropout, kInput);

  const float scale = std::sqrt(static_cast<float>(d));
  const ConstMatrix d_stream = d_stream_.view();
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const float* dx = d_stream.row(t);
      float* d_position = gradient.positions.row(t - offsets[s]);
      float* d_item = d_inputs.row(t);
      for (std::size_t c = 0; c < d; ++c) {
        d_position[c] += dx[c];
        d_item[c] = scale * dx[c];
      }
      for (const ContextId value : packed.contexts.input(t))
        backend_.axpy(1, d_stream.row_span(t), gradient.context_in.row_span(value));
    }
  }
}

void TransformerPass::backward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                                     kernels::Offsets offsets, const Dropout& dropout,
                                     const BasicTransformerBlock<float>& gradient) {
  Kept& kept = kept_[number];
  const std::size_t n = kept.input.view().rows;
  const std::size_t d = config_.width;
  const Matrix part = d_part_.reshape(n, d);
  const Matrix d_norm = d_norm_.reshape(n, d);
  const auto copy_stream = [&] {
    std::copy(d_stream_.flat().begin(), d_stream_.flat().end(), d_part_.flat().begin());
  };

  copy_stream();
  drop(d_part_, dropout, site_of(number, kFeedForwardOutput));
  const Matrix d_wide = d_wide_.reshape(n, config_.feed_forward);
  linear_backward(backend_, kept.activated.view(), block.down, part, gradient.down, gradient.down_bias, 0,
                  d_wide);
  drop(d_wide_, dropout, site_of(number, kHidden));
  backend_.gelu_backward(kept.up.flat(), d_wide_.flat(), d_wide_.flat());
  linear_backward(backend_, kept.norm2.view(), block.up, d_wide, gradient.up, gradient.up_bias, 0, d_norm);
  backend_.layer_norm_backward(kept.middle.view(), d_norm, block.norm2_gain, kept.mean2, kept.inverse2, part,
                               gradient.norm2_gain, gradient.norm2_bias);
  backend_.axpy(1, d_part_.flat(), d_stream_.flat());

  copy_stream();
  drop(d_part_, dropout, site_of(number, kAttentionOutput));
  linear_backward(backend_, kept.attended.view(), block.out, part, gradient.out, gradient.out_bias, 0,
                  d_norm);
  const ConstMatrix qkv = kept.qkv.view();
  const Matrix d_qkv = d_qkv_.reshape(n, 3 * d);
  backend_.attention_backward(attention_shape(dropout, number), offsets, qkv.cols_at(0, d), qkv.cols_at(d, d),
                              qkv.cols_at(2 * d, d), kept.attended.view(), kept.log_sum_exp.view(), d_norm,
                              d_qkv.cols_at(0, d), d_qkv.cols_at(d, d), d_qkv.cols_at(2 * d, d));
  linear_backward(backend_, kept.norm1.view(), block.qkv, d_qkv, gradient.qkv, gradient.qkv_bias, 0, d_norm);
  backend_.layer_norm_backward(kept.input.view(), d_norm, block.norm1_gain, kept.mean1, kept.inverse1, part,
                               gradient.norm1_gain, gradient.norm1_bias);
  backend_.axpy(1, d_part_.flat(), d_stream_.flat());
}

}  // namespace segue::index
