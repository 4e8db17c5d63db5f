#include "tests/kernels/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "kernels/dropout_mask.h"

namespace segue::kernels::reference {

Dense::Dense(ConstMatrix m) : Dense(m.rows, m.cols) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) (*this)(r, c) = m(r, c);
  }
}

Dense transpose(const Dense& x) {
  Dense y(x.cols, x.rows);
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c) y(c, r) = x(r, c);
  }
  return y;
}

Dense matmul(const Dense& a, const Dense& b) {
  Dense c(a.rows, b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.cols; ++j) {
      for (std::size_t l = 0; l < a.cols; ++l) c(i, j) += a(i, l) * b(l, j);
    }
  }
  return c;
}

double weighted_sum(const Dense& x, const Dense& weight) {
  double sum = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) sum += x[i] * weight[i];
  return sum;
}

Dense layer_norm(const Dense& x, const Dense& gain, const Dense& bias) {
  Dense y(x.rows, x.cols);
  const double n = static_cast<double>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    double mean = 0;
    for (std::size_t c = 0; c < x.cols; ++c) mean += x(r, c) / n;
    double variance = 0;
    for (std::size_t c = 0; c < x.cols; ++c) variance += (x(r, c) - mean) * (x(r, c) - mean) / n;
    for (std::size_t c = 0; c < x.cols; ++c) {
      y(r, c) = gain[c] * (x(r, c) - mean) / std::sqrt(variance + 1e-5) + bias[c];
    }
  }
  return y;
}

Dense gelu(const Dense& x) {
  Dense y(x.rows, x.cols);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double inner = std::sqrt(2 / std::numbers::pi) * (x[i] + 0.044715 * x[i] * x[i] * x[i]);
    y[i] = x[i] / 2 * (1 + std::tanh(inner));
  }
  return y;
}

Dense normalize_rows(const Dense& x, double scale) {
  Dense y(x.rows, x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    double squares = 0;
    for (std::size_t c = 0; c < x.cols; ++c) squares += x(r, c) * x(r, c);
    if (squares == 0) continue;
    for (std::size_t c = 0; c < x.cols; ++c) y(r, c) = scale * x(r, c) / std::sqrt(squares);
  }
  return y;
}

double dropout_factor(float p, std::uint64_t seed, std::uint64_t stream, std::uint32_t i) {
  const bool dropped = mask_word(mask_key(seed, stream), i) < drop_limit(p);
  return dropped ? 0.0 : 1.0 / (1.0 - static_cast<double>(p));
}

Dense dropout(const Dense& x, float p, std::uint64_t seed) {
  Dense y = x;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    y[i] *= dropout_factor(p, seed, i >> 32, static_cast<std::uint32_t>(i));
  }
  return y;
}

Attention attention(const AttentionShape& shape, Offsets offsets, const Dense& q, const Dense& k,
                    const Dense& v) {
  Attention result{Dense(q.rows, q.cols), Dense(q.rows, shape.heads)};
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    for (std::size_t h = 0; h < shape.heads; ++h) {
      const std::size_t column = h * shape.head_size;
      const std::uint64_t seed = nested_seed(nested_seed(shape.seed, s), h);
      for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
        std::vector<double> weights;
        double sum = 0;
        for (std::size_t j = offsets[s]; j <= t; ++j) {
          double score = 0;
          for (std::size_t c = 0; c < shape.head_size; ++c) score += q(t, column + c) * k(j, column + c);
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(shape.head_size))));
          sum += weights.back();
        }
        result.log_sum_exp(t, h) = std::log(sum);
        for (std::size_t j = 0; j < weights.size(); ++j) {
          const double kept =
              dropout_factor(shape.dropout, seed, t - offsets[s], static_cast<std::uint32_t>(j)) *
              weights[j] / sum;
          for (std::size_t c = 0; c < shape.head_size; ++c) {
            result.out(t, column + c) += kept * v(offsets[s] + j, column + c);
          }
        }
      }
    }
  }
  return result;
}

double sampled_softmax(const Dense& p, const Dense& n, std::span<const std::uint32_t> target_ids,
                       std::span<const std::uint32_t> negative_ids, const Dense& log_expected) {
  double loss = 0;
  for (std::size_t r = 0; r < n.rows; ++r) {
    double sum = std::exp(p[r]);
    for (std::size_t k = 0; k < n.cols; ++k) {
      if (negative_ids[k] != target_ids[r]) sum += std::exp(n(r, k) - log_expected[k]);
    }
    loss -= std::log(std::exp(p[r]) / sum);
  }
  return loss;
}

AdamState adam(const AdamStep& step, double gradient, AdamState state) {
  const double beta1 = step.beta1;
  const double beta2 = step.beta2;
  const double t = static_cast<double>(step.step);
  state.first_moment = beta1 * state.first_moment + (1 - beta1) * gradient;
  state.second_moment = beta2 * state.second_moment + (1 - beta2) * gradient * gradient;
  const double first = state.first_moment / (1 - std::pow(beta1, t));
  const double second = state.second_moment / (1 - std::pow(beta2, t));
  state.weight -= step.rate * (first / (std::sqrt(second) + step.epsilon) + step.decay * state.weight);
  return state;
}

namespace {

struct System {
  Dense matrix;
  Dense right;
};

System als_system(const Dense& gram, const Dense& factors, std::span<const std::uint32_t> items,
                  std::span<const float> confidence, double ridge) {
  System system{gram, Dense(1, gram.cols)};
  for (std::size_t i = 0; i < gram.rows; ++i) system.matrix(i, i) += ridge;
  for (std::size_t n = 0; n < items.size(); ++n) {
    const double extra = confidence[n];
    for (std::size_t i = 0; i < gram.rows; ++i) {
      system.right[i] += (1 + extra) * factors(items[n], i);
      for (std::size_t j = 0; j < gram.cols; ++j) {
        system.matrix(i, j) += extra * factors(items[n], i) * factors(items[n], j);
      }
    }
  }
  return system;
}

}  // namespace

Dense als_residual(const Dense& gram, const Dense& factors, std::span<const std::uint32_t> items,
                   std::span<const float> confidence, double ridge, const Dense& x) {
  const System system = als_system(gram, factors, items, confidence, ridge);
  Dense left = matmul(x, system.matrix);  // the matrix is symmetric
  for (std::size_t i = 0; i < left.cols; ++i) left[i] -= system.right[i];
  return left;
}

Dense als_solve(const Dense& gram, const Dense& factors, std::span<const std::uint32_t> items,
                std::span<const float> confidence, double ridge) {
  auto [a, x] = als_system(gram, factors, items, confidence, ridge);
  const std::size_t d = a.rows;
  for (std::size_t i = 0; i < d; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i + 1; r < d; ++r) {
      if (std::abs(a(r, i)) > std::abs(a(pivot, i))) pivot = r;
    }
    for (std::size_t c = 0; c < d; ++c) std::swap(a(i, c), a(pivot, c));
    std::swap(x[i], x[pivot]);
    for (std::size_t r = 0; r < d; ++r) {
      if (r == i) continue;
      const double factor = a(r, i) / a(i, i);
      for (std::size_t c = i; c < d; ++c) a(r, c) -= factor * a(i, c);
      x[r] -= factor * x[i];
    }
  }
  for (std::size_t i = 0; i < d; ++i) x[i] /= a(i, i);
  return x;
}

std::vector<Scored> top_k(std::span<const float> scores, std::size_t k,
                          std::span<const std::uint64_t> allowed) {
  std::vector<Scored> all;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool may = allowed.empty() || (allowed[i / 64] >> (i % 64) & 1) != 0;
    if (may && !std::isnan(scores[i])) all.push_back({static_cast<std::uint32_t>(i), scores[i]});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  all.resize(std::min(k, all.size()));
  return all;
}

}  // namespace segue::kernels::reference
