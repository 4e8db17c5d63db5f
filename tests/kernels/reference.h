#pragma once

// ============================================================================================================
//  NAIVE REFERENCE. LINKED ONLY INTO TESTS.
//
//  Every kernel of kernels/backend.h once more, in double precision, written as its formula stands and as
//  slowly as that takes: no blocks, no vectors, no tricks shared with the code it judges. Never call it from
//  the product.
// ============================================================================================================

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace segue::kernels::reference {

/// A row-major matrix of doubles that owns its elements. A vector is a matrix of one row.
struct Dense {
  Dense() = default;
  Dense(std::size_t r, std::size_t c) : rows(r), cols(c), values(r * c, 0.0) {}
  explicit Dense(ConstMatrix m);
  explicit Dense(std::span<const float> v) : Dense(ConstMatrix(v.data(), 1, v.size())) {}

  double& operator()(std::size_t r, std::size_t c) { return values[r * cols + c]; }
  double operator()(std::size_t r, std::size_t c) const { return values[r * cols + c]; }
  double operator[](std::size_t i) const { return values[i]; }
  double& operator[](std::size_t i) { return values[i]; }

  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<double> values;
};

Dense transpose(const Dense& x);
Dense matmul(const Dense& a, const Dense& b);

/// The sum over all elements of x times weight: turns a kernel into a number whose slope is checked.
double weighted_sum(const Dense& x, const Dense& weight);

Dense layer_norm(const Dense& x, const Dense& gain, const Dense& bias);
Dense gelu(const Dense& x);
Dense normalize_rows(const Dense& x, double scale);

/// Dropout's fate of one weight: 0, or 1 / (1 - p). Made from kernels/dropout_mask.h.
double dropout_factor(float p, std::uint64_t seed, std::uint64_t stream, std::uint32_t i);
Dense dropout(const Dense& x, float p, std::uint64_t seed);

struct Attention {
  Dense out;
  Dense log_sum_exp;
};
Attention attention(const AttentionShape& shape, Offsets offsets, const Dense& q, const Dense& k,
                    const Dense& v);

/// The sum of the losses of sampled_softmax.
double sampled_softmax(const Dense& p, const Dense& n, std::span<const std::uint32_t> target_ids,
                       std::span<const std::uint32_t> negative_ids, const Dense& log_expected);

struct AdamState {
  double weight = 0;
  double first_moment = 0;
  double second_moment = 0;
};
AdamState adam(const AdamStep& step, double gradient, AdamState state);

/// What the als_solve's system leaves when x is put in: (matrix) x - (right side), [1, d].
Dense als_residual(const Dense& gram, const Dense& factors, std::span<const std::uint32_t> items,
                   std::span<const float> confidence, double ridge, const Dense& x);
/// The solution, by Gaussian elimination with pivots.
Dense als_solve(const Dense& gram, const Dense& factors, std::span<const std::uint32_t> items,
                std::span<const float> confidence, double ridge);

std::vector<Scored> top_k(std::span<const float> scores, std::size_t k,
                          std::span<const std::uint64_t> allowed);

}  // namespace segue::kernels::reference
