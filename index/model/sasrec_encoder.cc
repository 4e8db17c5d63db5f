#include "index/model/sasrec_encoder.h"

#include <algorithm>
#include <cmath>

#include "index/model/linear_layer.h"
#include "index/model/matrix_buffer.h"
#include "index/model/sasrec_norm.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;

}  // namespace

void encode_sasrec(const TransformerWeights& weights, const kernels::Backend& backend,
                   std::span<const std::uint32_t> rows, std::span<float> out) {
  const TransformerConfig& config = weights.config();
  const ConstTransformerBody body = weights.body();
  const std::size_t d = config.width;
  const std::size_t window = config.window;
  const std::size_t padding = window - rows.size();

  MatrixBuffer x_buffer, query_buffer, qkv_buffer, up_buffer, part_buffer;
  const Matrix x = x_buffer.reshape_to_zeros(window, d);
  const float scale = std::sqrt(static_cast<float>(d));
  for (std::size_t t = padding; t < window; ++t) {
    weights.copy_items(rows[t - padding], x.rows_at(t, 1));
    for (std::size_t c = 0; c < d; ++c) x(t, c) = scale * x(t, c) + body.positions(t, c);
  }

  const Matrix query = query_buffer.reshape(window, d);
  const Matrix qkv = qkv_buffer.reshape(window, 3 * d);
  const Matrix up = up_buffer.reshape(window, config.feed_forward);
  const Matrix part = part_buffer.reshape(window, d);
  const kernels::AttentionShape shape{.heads = config.heads, .head_size = config.head_size()};
  const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(window)};
  for (const auto& block : body.blocks) {
    sasrec_layer_norm(x, block.norm1_gain, block.norm1_bias, query);
    linear(backend, query, block.qkv.rows_at(0, d), block.qkv_bias.first(d), qkv.cols_at(0, d));
    linear(backend, x, block.qkv.rows_at(d, 2 * d), block.qkv_bias.subspan(d), qkv.cols_at(d, 2 * d));
    backend.attention(shape, offsets, qkv.cols_at(0, d), qkv.cols_at(d, d), qkv.cols_at(2 * d, d), x, {});
    linear(backend, x, block.out, block.out_bias, part);
    backend.axpy(1, query_buffer.flat(), part_buffer.flat());

    sasrec_layer_norm(part, block.norm2_gain, block.norm2_bias, query);
    linear(backend, query, block.up, block.up_bias, up);
    for (float& value : up_buffer.flat()) value = std::max(value, 0.0f);
    linear(backend, up, block.down, block.down_bias, x);
    backend.axpy(1, query_buffer.flat(), x_buffer.flat());
    std::fill_n(x.data, padding * d, 0.0f);
  }
  sasrec_layer_norm(x.rows_at(window - 1, 1), body.final_gain, body.final_bias, {out.data(), 1, d});
}

}  // namespace segue::index
