#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "index/model/transformer_gradients.h"
#include "index/model/transformer_weights.h"

namespace segue::index {

/// --- NAIVE REFERENCE, linked into tests only ---
/// TransformerForm::kSasrec in double precision: one loop per sum, the zeros before a short session spelled
/// out as rows of the window. Parameters are doubles of their own, so that differences of them are exact.
class SasrecReference {
 public:
  using Row = std::vector<double>;
  using Rows = std::vector<Row>;

  std::vector<double> body;   ///< in the layout of transformer_tensors()
  std::vector<double> items;  ///< [v, d]

  explicit SasrecReference(const TransformerWeights& weights)
      : body(weights.flat_body().begin(), weights.flat_body().end()), config_(weights.config()) {
    for (const TransformerTensor& tensor : transformer_tensors(config_))
      offsets_[tensor.name] = tensor.offset;
    const kernels::ConstMatrix table = weights.items();
    for (std::size_t r = 0; r < table.rows; ++r)
      items.insert(items.end(), table.row_span(r).begin(), table.row_span(r).end());
  }

  /// The vector of each event of a session that stands at the end of the window; the last one is the encoded
  /// session.
  Rows hidden(std::span<const std::uint32_t> session) const {
    const std::size_t d = config_.width;
    const std::size_t padding = config_.window - session.size();
    const double* positions = tensor("position_embedding.weight");
    Rows x(config_.window, Row(d));
    for (std::size_t t = padding; t < config_.window; ++t) {
      for (std::size_t c = 0; c < d; ++c)
        x[t][c] =
            std::sqrt(static_cast<double>(d)) * items[session[t - padding] * d + c] + positions[t * d + c];
    }
    for (std::size_t b = 0; b < config_.layers; ++b)
      x = block("blocks." + std::to_string(b) + ".", x, padding);
    Rows result;
    for (std::size_t t = padding; t < config_.window; ++t) result.push_back(norm(x[t], "final_norm"));
    return result;
  }

  double score(const Row& hidden, std::uint32_t row) const {
    double sum = 0;
    for (std::size_t c = 0; c < hidden.size(); ++c) sum += hidden[c] * items[row * hidden.size() + c];
    return sum / static_cast<double>(config_.temperature);
  }

  /// The mean loss that TransformerGradients states.
  double loss(const TrainingBatch& batch, const Negatives& negatives) const {
    double sum = 0;
    for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
      const std::size_t begin = batch.offsets[s];
      const Rows vectors = hidden(std::span(batch.inputs).subspan(begin, batch.offsets[s + 1] - begin));
      for (std::size_t t = 0; t < vectors.size(); ++t) {
        const std::uint32_t target = batch.targets[begin + t];
        const double own = score(vectors[t], target);
        double all = std::exp(own);
        for (std::size_t k = 0; k < negatives.rows.size(); ++k) {
          if (negatives.rows[k] != target)
            all += std::exp(score(vectors[t], negatives.rows[k]) -
                            static_cast<double>(negatives.log_expected[k]));
        }
        sum += std::log(all) - own;
      }
    }
    return sum / static_cast<double>(batch.positions());
  }

 private:
  const double* tensor(const std::string& name) const { return body.data() + offsets_.at(name); }

  Row norm(const Row& x, const std::string& name) const {
    double mean = 0, variance = 0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
    const double* gain = tensor(name + ".weight");
    const double* bias = tensor(name + ".bias");
    Row y(x.size());
    for (std::size_t c = 0; c < x.size(); ++c)
      y[c] = (x[c] - mean) / std::sqrt(variance + 1e-8) * gain[c] + bias[c];
    return y;
  }

  /// Rows [first, first + rows) of a product.
  Row affine(const Row& x, const std::string& name, std::size_t first, std::size_t rows) const {
    const double* weight = tensor(name + ".weight") + first * x.size();
    const double* bias = tensor(name + ".bias") + first;
    Row y(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      y[r] = bias[r];
      for (std::size_t c = 0; c < x.size(); ++c) y[r] += x[c] * weight[r * x.size() + c];
    }
    return y;
  }

  Rows block(const std::string& name, const Rows& x, std::size_t padding) const {
    const std::size_t d = config_.width;
    const std::size_t size = config_.head_size();
    const std::string qkv = name + "attention.qkv";
    Rows keys, values, next(config_.window, Row(d));
    for (const Row& row : x) {
      keys.push_back(affine(row, qkv, d, d));
      values.push_back(affine(row, qkv, 2 * d, d));
    }
    for (std::size_t t = padding; t < config_.window; ++t) {
      const Row query = norm(x[t], name + "norm1");
      const Row q = affine(query, qkv, 0, d);
      Row attended(d);
      for (std::size_t first = 0; first < d; first += size) {
        Row share(t + 1);
        double sum = 0;
        for (std::size_t s = 0; s <= t; ++s) {
          double product = 0;
          for (std::size_t c = first; c < first + size; ++c) product += q[c] * keys[s][c];
          sum += share[s] = std::exp(product / std::sqrt(static_cast<double>(size)));
        }
        for (std::size_t s = 0; s <= t; ++s) {
          for (std::size_t c = first; c < first + size; ++c) attended[c] += share[s] / sum * values[s][c];
        }
      }
      Row y = affine(attended, name + "attention.out", 0, d);
      for (std::size_t c = 0; c < d; ++c) y[c] += query[c];
      y = norm(y, name + "norm2");
      Row wide = affine(y, name + "feed_forward.up", 0, config_.feed_forward);
      for (double& value : wide) value = std::max(value, 0.0);
      next[t] = affine(wide, name + "feed_forward.down", 0, d);
      for (std::size_t c = 0; c < d; ++c) next[t][c] += y[c];
    }
    return next;
  }

  TransformerConfig config_;
  std::map<std::string, std::size_t> offsets_;  // of the body's tensors
};

}  // namespace segue::index
