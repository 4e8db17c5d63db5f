#include "kernels/shapes.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace segue::kernels::shapes {
namespace {

[[noreturn]] void refuse(const char* kernel, const std::string& what) {
  throw std::invalid_argument(std::string(kernel) + ": " + what);
}

std::string text(std::size_t rows, std::size_t cols) {
  std::string shape("[");
  shape.append(std::to_string(rows)).append(", ").append(std::to_string(cols)).append("]");
  return shape;
}

void matrix(const char* kernel, const char* name, ConstMatrix m, std::size_t rows, std::size_t cols) {
  if (m.rows != rows || m.cols != cols) {
    refuse(kernel, std::string(name) + " is " + text(m.rows, m.cols) + ", expected " + text(rows, cols));
  }
  if (m.rows > 1 && m.stride < m.cols) {
    refuse(kernel, std::string(name) + " has stride " + std::to_string(m.stride) + ", less than its " +
                       std::to_string(m.cols) + " columns");
  }
}

/// A matrix whose shape the others are measured against.
void matrix(const char* kernel, const char* name, ConstMatrix m) {
  matrix(kernel, name, m, m.rows, m.cols);
}

void optional(const char* kernel, const char* name, std::size_t size, std::size_t expected) {
  if (size != 0) same_size(kernel, name, size, expected);
}

void names(const char* kernel, const char* name, std::span<const std::uint32_t> rows, std::size_t end) {
  for (const std::uint32_t row : rows) {
    if (row >= end) {
      refuse(kernel, std::string(name) + " names row " + std::to_string(row) + " of " + std::to_string(end));
    }
  }
}

void heads(const char* kernel, const AttentionShape& shape, std::size_t width) {
  if (shape.heads == 0 || shape.head_size == 0) refuse(kernel, "heads and head_size must be positive");
  same_size(kernel, "the width of q", width, shape.heads * shape.head_size);
}

void step_count(const char* kernel, const AdamStep& step) {
  if (step.step == 0) refuse(kernel, "steps are counted from 1");
}

}  // namespace

void same_size(const char* kernel, const char* name, std::size_t size, std::size_t expected) {
  if (size != expected) {
    refuse(kernel,
           std::string(name) + " is " + std::to_string(size) + ", expected " + std::to_string(expected));
  }
}

void probability(const char* kernel, float p) {
  if (!(p >= 0 && p < 1)) refuse(kernel, "a dropout probability is in [0, 1), not " + std::to_string(p));
}

Product matmul(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, ConstMatrix c) {
  const bool flip_a = op_a == Op::kTranspose;
  const bool flip_b = op_b == Op::kTranspose;
  const Product product{c.rows, c.cols, flip_a ? a.rows : a.cols};
  matrix("matmul", "c", c);
  matrix("matmul", "a", a, flip_a ? product.k : product.m, flip_a ? product.m : product.k);
  matrix("matmul", "b", b, flip_b ? product.n : product.k, flip_b ? product.k : product.n);
  return product;
}

void matvec(ConstMatrix x, std::span<const float> v, std::span<const float> y) {
  matrix("matvec", "x", x);
  same_size("matvec", "v", v.size(), x.cols);
  same_size("matvec", "y", y.size(), x.rows);
}

void bias(const char* kernel, ConstMatrix x, std::span<const float> bias) {
  matrix(kernel, "x", x);
  same_size(kernel, "bias", bias.size(), x.cols);
}

void layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, ConstMatrix y,
                std::span<const float> mean, std::span<const float> inverse_deviation) {
  matrix("layer_norm", "x", x);
  same_size("layer_norm", "gain", gain.size(), x.cols);
  same_size("layer_norm", "bias", bias.size(), x.cols);
  matrix("layer_norm", "y", y, x.rows, x.cols);
  optional("layer_norm", "mean", mean.size(), x.rows);
  optional("layer_norm", "inverse_deviation", inverse_deviation.size(), x.rows);
}

void layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                         std::span<const float> mean, std::span<const float> inverse_deviation,
                         ConstMatrix dx, std::span<const float> dgain, std::span<const float> dbias) {
  matrix("layer_norm_backward", "x", x);
  matrix("layer_norm_backward", "dy", dy, x.rows, x.cols);
  same_size("layer_norm_backward", "gain", gain.size(), x.cols);
  same_size("layer_norm_backward", "mean", mean.size(), x.rows);
  same_size("layer_norm_backward", "inverse_deviation", inverse_deviation.size(), x.rows);
  matrix("layer_norm_backward", "dx", dx, x.rows, x.cols);
  same_size("layer_norm_backward", "dgain", dgain.size(), x.cols);
  same_size("layer_norm_backward", "dbias", dbias.size(), x.cols);
}

void normalize_rows(ConstMatrix x, ConstMatrix y, std::span<const float> norms) {
  matrix("normalize_rows", "x", x);
  matrix("normalize_rows", "y", y, x.rows, x.cols);
  optional("normalize_rows", "norms", norms.size(), x.rows);
}

void normalize_rows_backward(ConstMatrix y, std::span<const float> norms, ConstMatrix dy, ConstMatrix dx) {
  matrix("normalize_rows_backward", "y", y);
  same_size("normalize_rows_backward", "norms", norms.size(), y.rows);
  matrix("normalize_rows_backward", "dy", dy, y.rows, y.cols);
  matrix("normalize_rows_backward", "dx", dx, y.rows, y.cols);
}

void attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k, ConstMatrix v,
               ConstMatrix out, ConstMatrix log_sum_exp) {
  heads("attention", shape, q.cols);
  probability("attention", shape.dropout);
  matrix("attention", "q", q);
  matrix("attention", "k", k, q.rows, q.cols);
  matrix("attention", "v", v, q.rows, q.cols);
  matrix("attention", "out", out, q.rows, q.cols);
  if (log_sum_exp.data != nullptr) matrix("attention", "log_sum_exp", log_sum_exp, q.rows, shape.heads);
  if (offsets.empty() || offsets.front() != 0) refuse("attention", "offsets must begin with 0");
  for (std::size_t s = 1; s < offsets.size(); ++s) {
    if (offsets[s] < offsets[s - 1]) refuse("attention", "offsets fall at entry " + std::to_string(s));
  }
  same_size("attention", "the last offset", offsets.back(), q.rows);
}

void attention_backward(ConstMatrix q, ConstMatrix log_sum_exp, ConstMatrix dout, ConstMatrix dq,
                        ConstMatrix dk, ConstMatrix dv) {
  if (q.rows != 0 && log_sum_exp.data == nullptr) refuse("attention_backward", "log_sum_exp was not kept");
  matrix("attention_backward", "dout", dout, q.rows, q.cols);
  matrix("attention_backward", "dq", dq, q.rows, q.cols);
  matrix("attention_backward", "dk", dk, q.rows, q.cols);
  matrix("attention_backward", "dv", dv, q.rows, q.cols);
}

void attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                    ConstMatrix values, std::span<const float> out) {
  heads("attention_step", shape, q.size());
  matrix("attention_step", "keys", keys, keys.rows, q.size());
  matrix("attention_step", "values", values, keys.rows, q.size());
  same_size("attention_step", "out", out.size(), q.size());
  if (keys.rows == 0) refuse("attention_step", "there is no key; the newest event's own belongs to the past");
}

void sampled_softmax(std::span<const float> p, ConstMatrix n, std::span<const std::uint32_t> target_ids,
                     std::span<const std::uint32_t> negative_ids, std::span<const float> log_expected) {
  matrix("sampled_softmax", "n", n, p.size(), negative_ids.size());
  same_size("sampled_softmax", "target_ids", target_ids.size(), p.size());
  same_size("sampled_softmax", "log_expected", log_expected.size(), negative_ids.size());
}

void adam(const AdamStep& step, std::span<const float> gradient, std::span<const float> weight,
          std::span<const float> first_moment, std::span<const float> second_moment) {
  step_count("adam", step);
  same_size("adam", "gradient", gradient.size(), weight.size());
  same_size("adam", "first_moment", first_moment.size(), weight.size());
  same_size("adam", "second_moment", second_moment.size(), weight.size());
}

void adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
               ConstMatrix weight, ConstMatrix first_moment, ConstMatrix second_moment) {
  step_count("adam_rows", step);
  matrix("adam_rows", "weight", weight);
  matrix("adam_rows", "gradient", gradient, rows.size(), weight.cols);
  matrix("adam_rows", "first_moment", first_moment, weight.rows, weight.cols);
  matrix("adam_rows", "second_moment", second_moment, weight.rows, weight.cols);
  names("adam_rows", "rows", rows, weight.rows);
}

void als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
               std::span<const float> confidence, std::span<const float> x) {
  matrix("als_solve", "gram", gram, x.size(), x.size());
  matrix("als_solve", "factors", factors, factors.rows, x.size());
  same_size("als_solve", "confidence", confidence.size(), items.size());
  names("als_solve", "items", items, factors.rows);
}

void als_descend(const AlsRows& rows, std::span<const float> diagonal, ConstMatrix factors, ConstMatrix x) {
  matrix("als_descend", "x", x);
  matrix("als_descend", "factors", factors, factors.rows, x.cols);
  same_size("als_descend", "diagonal", diagonal.size(), x.cols);
  same_size("als_descend", "offsets", rows.offsets.size(), x.rows + 1);
  same_size("als_descend", "ridge", rows.ridge.size(), x.rows);
  same_size("als_descend", "confidence", rows.confidence.size(), rows.items.size());
  if (!std::is_sorted(rows.offsets.begin(), rows.offsets.end()) || rows.offsets.back() > rows.items.size())
    refuse("als_descend", "offsets fall, or end behind the items");
  const std::size_t first = rows.offsets.front();
  names("als_descend", "items", rows.items.subspan(first, rows.offsets.back() - first), factors.rows);
}

void top_k(std::span<const float> scores, std::span<const std::uint64_t> allowed) {
  if (scores.size() > std::size_t{1} << 32)
    refuse("top_k", "indices are 32 bits, there are more scores than that");
  if (!allowed.empty()) same_size("top_k", "words in allowed", allowed.size(), (scores.size() + 63) / 64);
}

}  // namespace segue::kernels::shapes
