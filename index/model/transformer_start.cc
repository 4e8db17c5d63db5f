#include "index/model/transformer_start.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/model/ppmi_embedding.h"
#include "index/model/random_stream.h"
#include "index/model/sparse_symmetric.h"

namespace segue::index {
namespace {

/// Streams of random numbers that hang on the one seed, apart from those of the training itself.
enum Stream : std::uint64_t { kBodyStart, kTableStart };

constexpr float kBodyDeviation = 0.088f;  // 1 / sqrt(128)
constexpr float kEmbeddingDeviation = 0.02f;
constexpr std::size_t kNear = 10;  // events apart

/// Random products; the constructor has set gains to 1 and biases to 0.
void start_body(TransformerWeights& weights, std::uint64_t seed) {
  RandomStream random(seed);
  const TransformerBody body = weights.body();
  const auto fill = [&](kernels::Matrix matrix, float deviation) {
    for (std::size_t r = 0; r < matrix.rows; ++r) {
      for (float& x : matrix.row_span(r)) x = deviation * random.normal();
    }
  };
  fill(body.positions, kEmbeddingDeviation);
  for (const auto& block : body.blocks) {
    for (const kernels::Matrix matrix : {block.qkv, block.out, block.up, block.down})
      fill(matrix, kBodyDeviation);
  }
}

void fill_randomly(kernels::Matrix table, std::uint64_t seed) {
  RandomStream random(seed);
  for (std::size_t r = 0; r < table.rows; ++r) {
    for (float& x : table.row_span(r)) x = kEmbeddingDeviation * random.normal();
  }
}

/// Rows of items that came into the log after the weights were made: where their neighbours are.
void place_newcomers(TransformerWeights& weights, const TrainingWindows& windows,
                     const std::vector<bool>& known) {
  const kernels::Matrix table = weights.items();
  const std::size_t d = table.cols;
  std::vector<double> sums(table.rows * d), shares(table.rows), mean(d);
  double count = 0;
  for (std::size_t r = 0; r < table.rows; ++r) {
    if (!known[r]) continue;
    ++count;
    for (std::size_t c = 0; c < d; ++c) mean[c] += static_cast<double>(table(r, c));
  }
  for (std::size_t s = 0; s < windows.sequences(); ++s) {
    const auto rows = windows.sequence(s);
    for (std::size_t t = 0; t < rows.size(); ++t) {
      if (known[rows[t]]) continue;
      const std::size_t end = std::min(rows.size(), t + kNear + 1);
      for (std::size_t u = t < kNear ? 0 : t - kNear; u < end; ++u) {
        if (!known[rows[u]]) continue;
        const double share = 1 / std::sqrt(static_cast<double>(u < t ? t - u : u - t));
        shares[rows[t]] += share;
        for (std::size_t c = 0; c < d; ++c)
          sums[rows[t] * d + c] += share * static_cast<double>(table(rows[u], c));
      }
    }
  }
  for (std::size_t r = 0; r < table.rows; ++r) {
    if (known[r]) continue;
    for (std::size_t c = 0; c < d; ++c)
      table(r, c) =
          static_cast<float>(shares[r] > 0 ? sums[r * d + c] / shares[r] : mean[c] / std::max(1.0, count));
  }
}

/// Embeddings of context begin at zero all the same: whose values they were, the weights do not say.
void start_warm(TransformerWeights& weights, const TrainingWindows& windows, const TransformerWeights& warm) {
  const auto without_context = [](TransformerConfig config) {
    config.contexts = 0;
    return config;
  };
  const TransformerConfig config = without_context(weights.config());
  if (without_context(warm.config()) != config)
    throw std::invalid_argument("warm weights of another configuration");
  // The tables of context are the last tensors of a body.
  std::copy_n(warm.flat_body().begin(), transformer_body_size(config), weights.flat_body().begin());
  std::vector<bool> known;
  for (std::size_t r = 0; r < weights.vocabulary().size(); ++r) {
    const std::uint32_t row = warm.row(weights.vocabulary()[r]);
    known.push_back(row != TransformerWeights::kNoRow);
    if (known.back()) warm.copy_items(row, weights.items().rows_at(r, 1));
  }
  place_newcomers(weights, windows, known);
}

/// The Gram matrix of the rows, for a solver of sparse matrices.
SparseSymmetric gram_of(kernels::ConstMatrix rows, const kernels::Backend& backend) {
  const std::size_t n = rows.cols;
  SparseSymmetric gram;
  gram.values.resize(n * n);
  backend.matmul(rows, kernels::Op::kTranspose, rows, kernels::Op::kNone, 1, 0, {gram.values.data(), n, n});
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) gram.columns.push_back(static_cast<std::uint32_t>(c));
    gram.offsets.push_back(gram.columns.size());
  }
  return gram;
}

/// rows: of the table, that have a direction; directions [rows.size(), any] becomes unit rows.
void start_from_directions(TransformerWeights& weights, const TrainingWindows& windows,
                           std::span<const std::uint32_t> rows, kernels::Matrix directions,
                           const TransformerSetting& setting) {
  const std::uint64_t seed = mix_seed(setting.options.seed, kTableStart);
  const kernels::Matrix table = weights.items();
  fill_randomly(table, seed);
  if (rows.empty()) return;
  setting.backend.normalize_rows(directions, 1, directions, {});
  const Eigenpairs pairs = largest_eigenpairs(gram_of(directions, setting.backend),
                                              {.count = std::min(table.cols, directions.cols), .seed = seed},
                                              setting.backend, setting.pool, setting.progress);
  const std::size_t kept = pairs.values.size();
  std::vector<float> projected(rows.size() * kept);
  const kernels::Matrix projection(projected.data(), rows.size(), kept);
  if (kept > 0) {
    setting.backend.matmul(directions, kernels::Op::kNone, pairs.vectors.view(), kernels::Op::kNone, 1, 0,
                           projection);
  }
  // As long as the rows of the other starts, which the optimiser's steps are made for.
  const float scale = kEmbeddingDeviation * std::sqrt(static_cast<float>(table.cols));
  std::vector<bool> known(table.rows);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < table.cols; ++c) table(rows[r], c) = c < kept ? scale * projection(r, c) : 0;
    known[rows[r]] = true;
  }
  place_newcomers(weights, windows, known);
}

void start_from_vectors(TransformerWeights& weights, const TrainingWindows& windows,
                        const ContentVectors& vectors, const TransformerSetting& setting) {
  std::vector<std::uint32_t> rows;
  MatrixBuffer directions;
  directions.reshape(vectors.vocabulary().size(), vectors.vectors().cols);
  for (std::size_t v = 0; v < vectors.vocabulary().size(); ++v) {
    const std::uint32_t row = weights.row(static_cast<ItemId>(vectors.vocabulary()[v]));
    if (row == TransformerWeights::kNoRow) continue;
    std::ranges::copy(vectors.vectors().row_span(v), directions.view().row(rows.size()));
    rows.push_back(row);
  }
  start_from_directions(weights, windows, rows, directions.view().rows_at(0, rows.size()), setting);
}

void start_from_table(TransformerWeights& weights, const TrainingWindows& windows,
                      const TransformerWeights& other, const TransformerSetting& setting) {
  std::vector<std::uint32_t> rows;
  MatrixBuffer directions;
  directions.reshape(other.vocabulary().size(), other.config().width);
  for (std::size_t r = 0; r < other.vocabulary().size(); ++r) {
    const std::uint32_t row = weights.row(other.vocabulary()[r]);
    if (row == TransformerWeights::kNoRow) continue;
    other.copy_items(r, directions.view().rows_at(rows.size(), 1));
    rows.push_back(row);
  }
  start_from_directions(weights, windows, rows, directions.view().rows_at(0, rows.size()), setting);
}

}  // namespace

TransformerWeights untrained_weights(const TrainingWindows& windows, const TransformerSetting& setting,
                                     const TransformerSources& sources) {
  const auto vocabulary = windows.vocabulary();
  const TransformerOptions& options = setting.options;
  TransformerConfig config = options.config();
  config.contexts = windows.contexts();  // their embeddings begin at zero
  TransformerWeights weights(config, {vocabulary.begin(), vocabulary.end()});
  if (sources.warm != nullptr) {
    start_warm(weights, windows, *sources.warm);
    return weights;
  }
  start_body(weights, mix_seed(options.seed, kBodyStart));
  const std::uint64_t seed = mix_seed(options.seed, kTableStart);
  if (sources.vectors != nullptr && !sources.vectors->empty()) {
    start_from_vectors(weights, windows, *sources.vectors, setting);
  } else if (sources.table != nullptr) {
    start_from_table(weights, windows, *sources.table, setting);
  } else if (options.ppmi_start) {
    ppmi_embedding(windows, {.deviation = kEmbeddingDeviation, .seed = seed}, setting.backend, setting.pool,
                   setting.progress, weights.items());
  } else {
    fill_randomly(weights.items(), seed);
  }
  return weights;
}

}  // namespace segue::index
