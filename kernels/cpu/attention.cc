#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/blas.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/dropout_mask.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

/// Room for square matrices of one sequence and head, kept by each thread for its next call.
Matrix scratch(std::size_t length, std::size_t number) {
  thread_local std::vector<float> room[2];
  std::vector<float>& floats = room[number];
  if (floats.size() < length * length) floats.resize(length * length);
  return {floats.data(), length, length};
}

float score_scale(const AttentionShape& shape) {
  return 1.0f / std::sqrt(static_cast<float>(shape.head_size));
}

/// row = softmax(row), in place; returns log(sum(exp(row))).
float softmax(std::span<float> row) {
  const float top = *std::max_element(row.begin(), row.end());
  float sum = 0;
  for (float& value : row) {
    value = std::exp(value - top);
    sum += value;
  }
  const float inverse = 1.0f / sum;
  for (float& value : row) value *= inverse;
  return top + std::log(sum);
}

/// The masks of one head of one sequence: rows are queries.
struct HeadMask {
  HeadMask(const AttentionShape& shape, std::size_t sequence, std::size_t head)
      : seed(nested_seed(nested_seed(shape.seed, sequence), head)),
        limit(drop_limit(shape.dropout)),
        keep(1.0f / (1.0f - shape.dropout)) {}

  /// row[key] = 0 where the pair is dropped, else times 1 / (1 - p).
  void apply(std::size_t query, std::span<float> row) const {
    if (limit == 0) return;
    const MaskKey key = mask_key(seed, query);
    for (std::size_t j = 0; j < row.size(); ++j) {
      row[j] = mask_word(key, static_cast<std::uint32_t>(j)) < limit ? 0.0f : row[j] * keep;
    }
  }

  std::uint64_t seed;
  std::uint32_t limit;
  float keep;
};

}  // namespace

void CpuBackend::attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k,
                           ConstMatrix v, Matrix out, Matrix log_sum_exp) const {
  shapes::attention(shape, offsets, q, k, v, out, log_sum_exp);
  const float scale = score_scale(shape);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t begin = offsets[s];
    const std::size_t length = offsets[s + 1] - begin;
    if (length == 0) continue;
    for (std::size_t h = 0; h < shape.heads; ++h) {
      const auto part = [&](auto m) {
        return m.rows_at(begin, length).cols_at(h * shape.head_size, shape.head_size);
      };
      const HeadMask mask(shape, s, h);
      const Matrix weights = scratch(length, 0);
      blas::gemm(part(q), Op::kNone, part(k), Op::kTranspose, shape.head_size, scale, 0, weights);
      for (std::size_t t = 0; t < length; ++t) {
        const float lse = softmax({weights.row(t), t + 1});
        if (log_sum_exp.data != nullptr) log_sum_exp(begin + t, h) = lse;
        mask.apply(t, {weights.row(t), t + 1});
        std::fill(weights.row(t) + t + 1, weights.row(t) + length, 0.0f);
      }
      blas::gemm(weights, Op::kNone, part(v), Op::kNone, length, 1, 0, part(out));
    }
  }
}

void CpuBackend::attention_backward(const AttentionShape& shape, Offsets offsets, ConstMatrix q,
                                    ConstMatrix k, ConstMatrix v, ConstMatrix out, ConstMatrix log_sum_exp,
                                    ConstMatrix dout, Matrix dq, Matrix dk, Matrix dv) const {
  shapes::attention(shape, offsets, q, k, v, out, log_sum_exp);
  shapes::attention_backward(q, log_sum_exp, dout, dq, dk, dv);
  const float scale = score_scale(shape);
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t begin = offsets[s];
    const std::size_t length = offsets[s + 1] - begin;
    if (length == 0) continue;
    for (std::size_t h = 0; h < shape.heads; ++h) {
      const auto part = [&](auto m) {
        return m.rows_at(begin, length).cols_at(h * shape.head_size, shape.head_size);
      };
      const HeadMask mask(shape, s, h);
      const ConstMatrix up = part(dout);
      const ConstMatrix head_out = part(out);
      const Matrix weights = scratch(length, 0);  // first the scores, then what multiplied the values
      const Matrix slopes = scratch(length, 1);   // d loss / d weights, then d loss / d scores
      blas::gemm(part(q), Op::kNone, part(k), Op::kTranspose, shape.head_size, scale, 0, weights);
      blas::gemm(up, Op::kNone, part(v), Op::kTranspose, shape.head_size, 1, 0, slopes);
      for (std::size_t t = 0; t < length; ++t) {
        float* weight = weights.row(t);
        float* slope = slopes.row(t);
        float dot = 0;
        for (std::size_t c = 0; c < shape.head_size; ++c) dot += up(t, c) * head_out(t, c);
        mask.apply(t, {slope, t + 1});
        for (std::size_t j = 0; j <= t; ++j) {
          weight[j] = std::exp(weight[j] - log_sum_exp(begin + t, h));
          slope[j] = scale * weight[j] * (slope[j] - dot);
        }
        mask.apply(t, {weight, t + 1});
        std::fill(weight + t + 1, weight + length, 0.0f);
        std::fill(slope + t + 1, slope + length, 0.0f);
      }
      blas::gemm(weights, Op::kTranspose, up, Op::kNone, length, 1, 0, part(dv));
      blas::gemm(slopes, Op::kNone, part(k), Op::kNone, length, 1, 0, part(dq));
      blas::gemm(slopes, Op::kTranspose, part(q), Op::kNone, length, 1, 0, part(dk));
    }
  }
}

void CpuBackend::attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                                ConstMatrix values, std::span<float> out) const {
  shapes::attention_step(shape, q, keys, values, out);
  thread_local std::vector<float> room;
  if (room.size() < keys.rows) room.resize(keys.rows);
  const std::span<float> weights(room.data(), keys.rows);
  const float scale = score_scale(shape);
  std::fill(out.begin(), out.end(), 0.0f);
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const std::size_t begin = h * shape.head_size;
    for (std::size_t t = 0; t < keys.rows; ++t) {
      float dot = 0;
      for (std::size_t c = 0; c < shape.head_size; ++c) dot += q[begin + c] * keys(t, begin + c);
      weights[t] = dot * scale;
    }
    softmax(weights);
    for (std::size_t t = 0; t < keys.rows; ++t) {
      for (std::size_t c = 0; c < shape.head_size; ++c) out[begin + c] += weights[t] * values(t, begin + c);
    }
  }
}

}  // namespace segue::kernels
