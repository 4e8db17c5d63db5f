#include "index/model/sasrec_pass.h"

#include <algorithm>
#include <cmath>

#include "index/model/linear_layer.h"
#include "index/model/random_stream.h"
#include "index/model/sasrec_norm.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;

/// Places where dropout acts; those of block b begin at 1 + b * kSitesPerBlock.
enum Site : std::uint64_t { kInput = 0, kAttention = 1, kHidden = 2, kFeedForwardOutput = 3 };
constexpr std::uint64_t kSitesPerBlock = 3;

constexpr std::uint64_t site_of(std::size_t block, Site site) {
  return block * kSitesPerBlock + site;
}

}  // namespace

SasrecPass::SasrecPass(const TransformerConfig& config, const kernels::Backend& backend)
    : config_(config), backend_(backend), attention_(config.window, backend), kept_(config.layers) {}

kernels::AttentionShape SasrecPass::attention_shape(const Dropout& dropout, std::size_t number) const {
  return {.heads = config_.heads,
          .head_size = config_.head_size(),
          .dropout = dropout.probability,
          .seed = mix_seed(dropout.seed, site_of(number, kAttention))};
}

void SasrecPass::drop(MatrixBuffer& x, const Dropout& dropout, std::uint64_t site) const {
  if (dropout.probability > 0) backend_.dropout(x.flat(), dropout.probability, mix_seed(dropout.seed, site));
}

ConstMatrix SasrecPass::forward(const ConstTransformerBody& body, ConstMatrix items,
                                const PackedTokens& packed, const Dropout& dropout) {
  const kernels::Offsets offsets = packed.offsets;
  const std::size_t n = packed.tokens.size();
  const std::size_t d = config_.width;
  const float scale = std::sqrt(static_cast<float>(d));
  const Matrix input = kept_[0].input.reshape(n, d);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t padding = config_.window - (offsets[s + 1] - offsets[s]);
    for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const float* item = items.row(packed.tokens[t]);
      const float* position = body.positions.row(padding + t - offsets[s]);
      float* x = input.row(t);
      for (std::size_t c = 0; c < d; ++c) x[c] = scale * item[c] + position[c];
    }
  }
  drop(kept_[0].input, dropout, kInput);
  for (std::size_t b = 0; b < config_.layers; ++b)
    forward_block(body.blocks[b], b, offsets, dropout, b + 1 < config_.layers ? kept_[b + 1].input : last_);
  final_mean_.resize(n);
  final_inverse_.resize(n);
  const Matrix hidden = hidden_.reshape(n, d);
  sasrec_layer_norm(last_.view(), body.final_gain, body.final_bias, hidden, final_mean_, final_inverse_);
  return hidden;
}

void SasrecPass::forward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                               kernels::Offsets offsets, const Dropout& dropout, MatrixBuffer& output) {
  Kept& kept = kept_[number];
  const Matrix input = kept.input.view();
  const std::size_t n = input.rows;
  const std::size_t d = config_.width;
  for (auto* statistic : {&kept.mean1, &kept.inverse1, &kept.mean2, &kept.inverse2}) statistic->resize(n);

  const Matrix norm1 = kept.norm1.reshape(n, d);
  sasrec_layer_norm(input, block.norm1_gain, block.norm1_bias, norm1, kept.mean1, kept.inverse1);
  const Matrix qkv = kept.qkv.reshape(n, 3 * d);
  linear(backend_, norm1, block.qkv.rows_at(0, d), block.qkv_bias.first(d), qkv.cols_at(0, d));
  linear(backend_, input, block.qkv.rows_at(d, 2 * d), block.qkv_bias.subspan(d), qkv.cols_at(d, 2 * d));
  const Matrix attended = kept.attended.reshape(n, d);
  const std::size_t places = (offsets.size() - 1) * config_.window;
  attention_.forward(attention_shape(dropout, number), offsets, qkv, block.qkv_bias, attended,
                     kept.log_sum_exp.reshape(places, config_.heads));
  const Matrix middle = kept.middle.reshape(n, d);
  linear(backend_, attended, block.out, block.out_bias, middle);
  backend_.axpy(1, kept.norm1.flat(), kept.middle.flat());

  const Matrix norm2 = kept.norm2.reshape(n, d);
  sasrec_layer_norm(middle, block.norm2_gain, block.norm2_bias, norm2, kept.mean2, kept.inverse2);
  const Matrix activated = kept.activated.reshape(n, config_.feed_forward);
  linear(backend_, norm2, block.up, block.up_bias, activated);
  for (float& value : kept.activated.flat()) value = std::max(value, 0.0f);
  drop(kept.activated, dropout, site_of(number, kHidden));
  linear(backend_, activated, block.down, block.down_bias, output.reshape(n, d));
  drop(output, dropout, site_of(number, kFeedForwardOutput));
  backend_.axpy(1, kept.norm2.flat(), output.flat());
}

void SasrecPass::backward(const ConstTransformerBody& body, const PackedTokens& packed,
                          const Dropout& dropout, ConstMatrix d_hidden, const TransformerBody& gradient,
                          Matrix d_inputs) {
  const kernels::Offsets offsets = packed.offsets;
  const std::size_t d = config_.width;
  backend_.layer_norm_backward(last_.view(), d_hidden, body.final_gain, final_mean_, final_inverse_,
                               d_stream_.reshape(d_hidden.rows, d), gradient.final_gain, gradient.final_bias);
  for (std::size_t b = config_.layers; b-- > 0;)
    backward_block(body.blocks[b], b, offsets, dropout, gradient.blocks[b]);
  drop(d_stream_, dropout, kInput);

  const float scale = std::sqrt(static_cast<float>(d));
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t padding = config_.window - (offsets[s + 1] - offsets[s]);
    for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const float* dx = d_stream_.view().row(t);
      float* d_position = gradient.positions.row(padding + t - offsets[s]);
      float* d_item = d_inputs.row(t);
      for (std::size_t c = 0; c < d; ++c) {
        d_position[c] += dx[c];
        d_item[c] = scale * dx[c];
      }
    }
  }
}

void SasrecPass::backward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                                kernels::Offsets offsets, const Dropout& dropout,
                                const BasicTransformerBlock<float>& gradient) {
  Kept& kept = kept_[number];
  const std::size_t n = kept.input.view().rows;
  const std::size_t d = config_.width;
  const Matrix d_stream = d_stream_.view();
  const Matrix d_part = d_part_.reshape(n, d);
  const Matrix d_norm = d_norm_.reshape(n, d);

  // d_norm: by y, which goes on beside the feed-forward part and through it.
  std::copy(d_stream_.flat().begin(), d_stream_.flat().end(), d_norm_.flat().begin());
  drop(d_stream_, dropout, site_of(number, kFeedForwardOutput));
  const Matrix d_wide = d_wide_.reshape(n, config_.feed_forward);
  linear_backward(backend_, kept.activated.view(), block.down, d_stream, gradient.down, gradient.down_bias, 0,
                  d_wide);
  drop(d_wide_, dropout, site_of(number, kHidden));
  for (std::size_t i = 0; i < d_wide_.flat().size(); ++i) {
    if (kept.activated.flat()[i] <= 0) d_wide_.flat()[i] = 0;  // what was dropped has no gradient anyway
  }
  linear_backward(backend_, kept.norm2.view(), block.up, d_wide, gradient.up, gradient.up_bias, 1, d_norm);
  backend_.layer_norm_backward(kept.middle.view(), d_norm, block.norm2_gain, kept.mean2, kept.inverse2,
                               d_part, gradient.norm2_gain, gradient.norm2_bias);

  // d_part: by q, which goes on beside the attention and asks it.
  linear_backward(backend_, kept.attended.view(), block.out, d_part, gradient.out, gradient.out_bias, 0,
                  d_norm);
  const Matrix d_qkv = d_qkv_.reshape(n, 3 * d);
  attention_.backward(attention_shape(dropout, number), offsets,
                      {kept.qkv.view(), block.qkv_bias, kept.attended.view(), kept.log_sum_exp.view()},
                      d_norm, d_qkv, gradient.qkv_bias);
  linear_backward(backend_, kept.norm1.view(), block.qkv.rows_at(0, d), d_qkv.cols_at(0, d),
                  gradient.qkv.rows_at(0, d), gradient.qkv_bias.first(d), 1, d_part);
  backend_.layer_norm_backward(kept.input.view(), d_part, block.norm1_gain, kept.mean1, kept.inverse1,
                               d_stream, gradient.norm1_gain, gradient.norm1_bias);
  linear_backward(backend_, kept.input.view(), block.qkv.rows_at(d, 2 * d), d_qkv.cols_at(d, 2 * d),
                  gradient.qkv.rows_at(d, 2 * d), gradient.qkv_bias.subspan(d), 1, d_stream);
}

}  // namespace segue::index
