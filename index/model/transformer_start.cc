#include "index/model/transformer_start.h"

#include <vector>

#include "index/model/ppmi_embedding.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// Streams of random numbers that hang on the one seed, apart from those of the training itself.
enum Stream : std::uint64_t { kBodyStart, kTableStart };

constexpr float kBodyDeviation = 0.088f;  // 1 / sqrt(128)
constexpr float kEmbeddingDeviation = 0.02f;

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

}  // namespace

TransformerWeights untrained_weights(const TrainingWindows& windows, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     const Progress& progress) {
  const auto vocabulary = windows.vocabulary();
  TransformerWeights weights(options.config(), {vocabulary.begin(), vocabulary.end()});
  start_body(weights, mix_seed(options.seed, kBodyStart));
  start_table(weights, windows, options, backend, pool, progress);
  return weights;
}

}  // namespace segue::index
