#include "index/model/transformer_trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "index/model/negative_sampler.h"
#include "index/model/ppmi_embedding.h"
#include "index/model/random_stream.h"
#include "index/model/training_windows.h"
#include "index/model/transformer_gradients.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// Streams of random numbers that hang on the one seed.
enum Stream : std::uint64_t { kBodyStart, kTableStart, kOrder, kNegatives, kDropout };

constexpr float kBodyDeviation = 0.088f;  // 1 / sqrt(128)
constexpr float kEmbeddingDeviation = 0.02f;
constexpr std::size_t kAdamRows = 512;  // rows of the table that one block of the optimiser takes

/// Random products, zero biases, gains of 1 (which the constructor has set).
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

/// Both moments of every parameter, and the schedule of the rate.
class Optimizer {
 public:
  Optimizer(const TransformerWeights& weights, const kernels::Backend& backend, kernels::ThreadPool& pool)
      : backend_(backend),
        pool_(pool),
        body_first_(weights.flat_body().size()),
        body_second_(weights.flat_body().size()) {
    items_first_.reshape_to_zeros(weights.items().rows, weights.items().cols);
    items_second_.reshape_to_zeros(weights.items().rows, weights.items().cols);
  }

  void step(TransformerWeights& weights, const TransformerGradients& gradients, float rate) {
    const kernels::AdamStep adam{.rate = rate, .step = ++steps_};
    backend_.adam(adam, gradients.body(), weights.flat_body(), body_first_, body_second_);
    const auto rows = gradients.rows();
    pool_.run((rows.size() + kAdamRows - 1) / kAdamRows, [&](std::size_t block) {
      const std::size_t begin = block * kAdamRows;
      const std::size_t count = std::min(kAdamRows, rows.size() - begin);
      backend_.adam_rows(adam, rows.subspan(begin, count), gradients.items().rows_at(begin, count),
                         weights.items(), items_first_.view(), items_second_.view());
    });
  }
  std::size_t steps() const { return steps_; }

 private:
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  std::vector<float> body_first_, body_second_;
  MatrixBuffer items_first_, items_second_;
  std::size_t steps_ = 0;
};

/// Share of the highest rate: up over the warm-up's steps, then down in proportion to what is done.
float rate_share(const TransformerOptions& options, std::size_t step, std::size_t total_steps, double done) {
  const std::size_t warm_up = std::min(options.warm_up_steps, total_steps / 10);
  if (step < warm_up) return static_cast<float>(step + 1) / static_cast<float>(warm_up);
  return static_cast<float>(1 - (1 - static_cast<double>(options.final_rate)) * done);
}

/// Mean of about the last hundred losses.
class RecentLoss {
 public:
  void add(double loss) {
    weight_ = 1 + 0.99 * weight_;
    mean_ += (loss - mean_) / weight_;
  }
  std::string note() const {
    char text[32];
    std::snprintf(text, sizeof text, "loss %.2f", mean_);
    return text;
  }

 private:
  double weight_ = 0;
  double mean_ = 0;
};

Error diverged(std::size_t step) {
  return {ErrorKind::kBadInput, "the Transformer's training has left the finite numbers",
          "step " + std::to_string(step), "lower transformer.rate"};
}

}  // namespace

TransformerConfig TransformerOptions::config() const {
  return {.width = width,
          .layers = layers,
          .heads = heads,
          .feed_forward = feed_forward,
          .window = window,
          .temperature = temperature};
}

void TransformerOptions::validate() const {
  config().validate();
  const auto require = [](bool holds, const char* key, const char* rule) {
    if (!holds) throw Error(ErrorKind::kUsage, rule, std::string("transformer.") + key);
  };
  require(epochs > 0, "epochs", "must be positive");
  require(dropout >= 0 && dropout < 1, "dropout", "must be at least 0 and below 1");
  require(std::isfinite(rate) && rate > 0, "rate", "must be positive");
  require(final_rate >= 0 && final_rate <= 1, "final_rate", "must be from 0 to 1");
  require(batch_sequences > 0, "batch_sequences", "must be positive");
  require(batch_positions > 0, "batch_positions", "must be positive");
  require(negatives > 0, "negatives", "must be positive");
  require(std::isfinite(negative_power) && negative_power >= 0, "negative_power", "must not be negative");
  require(shard_positions > 0, "shard_positions", "must be positive");
}

TransformerWeights train_transformer(const TrainingData& data, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     Progress& progress) {
  options.validate();
  TrainingWindows windows(data);
  if (windows.positions() == 0) {
    throw Error(ErrorKind::kBadInput,
                "no sequence has two items, so there is nothing for a Transformer to learn", {},
                "give events with longer sessions, or leave 'transformer' out of the models");
  }
  const auto vocabulary = windows.vocabulary();
  TransformerWeights weights(options.config(), {vocabulary.begin(), vocabulary.end()});
  start_body(weights, mix_seed(options.seed, kBodyStart));
  start_table(weights, windows, options, backend, pool, progress);

  NegativeSampler sampler(windows.frequency(), options.negative_power);
  TransformerGradients gradients(options.config(), vocabulary.size(), backend, pool, options.shard_positions);
  Optimizer optimizer(weights, backend, pool);
  RandomStream negative_draws(mix_seed(options.seed, kNegatives));
  const BatchLimits limits{
      .window = options.window, .sequences = options.batch_sequences, .positions = options.batch_positions};
  const auto epochs = static_cast<double>(options.epochs);
  std::size_t total_steps = 0;  // about, since offsets differ by epoch; only the warm-up looks at it
  TrainingBatch batch;
  RecentLoss recent;
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    windows.start_epoch(limits, mix_seed(options.seed, kOrder), epoch);
    if (epoch == 0) total_steps = windows.steps() * options.epochs;
    std::size_t seen = 0;
    while (windows.next(batch)) {
      progress.check();
      const double done = (static_cast<double>(epoch) +
                           static_cast<double>(seen) / static_cast<double>(windows.positions())) /
                          epochs;
      progress.update(done, 1, optimizer.steps() == 0 ? std::string() : recent.note());
      const double loss =
          gradients.compute(weights, batch, sampler.draw(options.negatives, negative_draws),
                            {options.dropout, mix_seed(mix_seed(options.seed, kDropout), optimizer.steps())});
      if (!std::isfinite(loss)) throw diverged(optimizer.steps() + 1);
      recent.add(loss);
      const float share = rate_share(options, optimizer.steps(), total_steps, done);
      optimizer.step(weights, gradients, options.rate * share);
      seen += batch.positions();
    }
  }
  // The loss of the last step was finite, but nobody has seen what that step made of the weights.
  const auto finite = [](std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  };
  if (!finite(weights.flat_body()) || !finite({weights.items().data, vocabulary.size() * options.width})) {
    throw diverged(optimizer.steps());
  }
  progress.update(1, 1, recent.note());
  return weights;
}

}  // namespace segue::index
