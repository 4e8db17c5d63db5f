#include "index/model/transformer_start.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "index/model/ppmi_embedding.h"
#include "index/model/random_stream.h"

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

void start_table(TransformerWeights& weights, const TrainingWindows& windows,
                 const TransformerOptions& options, const kernels::Backend& backend,
                 kernels::ThreadPool& pool, const Progress& progress) {
  const std::uint64_t seed = mix_seed(options.seed, kTableStart);
  if (options.ppmi_start) {
    ppmi_embedding(windows, {.deviation = kEmbeddingDeviation, .seed = seed}, backend, pool, progress,
                   weights.items());
    return;
  }
  RandomStream random(seed);
  const kernels::Matrix table = weights.items();
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

void start_warm(TransformerWeights& weights, const TrainingWindows& windows, const TransformerWeights& warm) {
  if (warm.config() != weights.config()) throw std::invalid_argument("warm weights of another configuration");
  std::copy(warm.flat_body().begin(), warm.flat_body().end(), weights.flat_body().begin());
  std::vector<bool> known;
  for (std::size_t r = 0; r < weights.vocabulary().size(); ++r) {
    const std::uint32_t row = warm.row(weights.vocabulary()[r]);
    known.push_back(row != TransformerWeights::kNoRow);
    if (known.back()) warm.copy_items(row, weights.items().rows_at(r, 1));
  }
  place_newcomers(weights, windows, known);
}

}  // namespace

TransformerWeights untrained_weights(const TrainingWindows& windows, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     const Progress& progress, const TransformerWeights* warm) {
  const auto vocabulary = windows.vocabulary();
  TransformerWeights weights(options.config(), {vocabulary.begin(), vocabulary.end()});
  if (warm != nullptr) {
    start_warm(weights, windows, *warm);
    return weights;
  }
  start_body(weights, mix_seed(options.seed, kBodyStart));
  start_table(weights, windows, options, backend, pool, progress);
  return weights;
}

}  // namespace segue::index
