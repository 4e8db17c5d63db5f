#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/backend.h"

/// What shapes each kernel of backend.h takes, in one place for all backends. Every kernel calls its check
/// first; a shape that does not fit throws std::invalid_argument that names the kernel, the argument and both
/// shapes. Row names and offsets are checked too, since a kernel reads memory through them.
namespace segue::kernels::shapes {

/// The three lengths of a product op(a) [m, k] op(b) [k, n].
struct Product {
  std::size_t m = 0;
  std::size_t n = 0;
  std::size_t k = 0;
};

Product matmul(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, ConstMatrix c);
void matvec(ConstMatrix x, std::span<const float> v, std::span<const float> y);

void bias(const char* kernel, ConstMatrix x, std::span<const float> bias);
void same_size(const char* kernel, const char* name, std::size_t size, std::size_t expected);
void probability(const char* kernel, float p);

void layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, ConstMatrix y,
                std::span<const float> mean, std::span<const float> inverse_deviation);
void layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                         std::span<const float> mean, std::span<const float> inverse_deviation,
                         ConstMatrix dx, std::span<const float> dgain, std::span<const float> dbias);

void normalize_rows(ConstMatrix x, ConstMatrix y, std::span<const float> norms);
void normalize_rows_backward(ConstMatrix y, std::span<const float> norms, ConstMatrix dy, ConstMatrix dx);

void attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k, ConstMatrix v,
               ConstMatrix out, ConstMatrix log_sum_exp);
/// What attention_backward takes beside attention's own.
void attention_backward(ConstMatrix q, ConstMatrix log_sum_exp, ConstMatrix dout, ConstMatrix dq,
                        ConstMatrix dk, ConstMatrix dv);
void attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                    ConstMatrix values, std::span<const float> out);

void sampled_softmax(std::span<const float> p, ConstMatrix n, std::span<const std::uint32_t> target_ids,
                     std::span<const std::uint32_t> negative_ids, std::span<const float> log_expected);

void adam(const AdamStep& step, std::span<const float> gradient, std::span<const float> weight,
          std::span<const float> first_moment, std::span<const float> second_moment);
void adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
               ConstMatrix weight, ConstMatrix first_moment, ConstMatrix second_moment);

void als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
               std::span<const float> confidence, std::span<const float> x);
void als_descend(const AlsRows& rows, std::span<const float> diagonal, ConstMatrix factors, ConstMatrix x);
void top_k(std::span<const float> scores, std::span<const std::uint64_t> allowed);

}  // namespace segue::kernels::shapes
