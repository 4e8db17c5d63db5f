#include "index/model/early_stopping.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "index/model/session_encoder.h"
#include "index/model/transformer_measure.h"
#include "index/model/transformer_trainer.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

/// Measures of 100 sequences that are `mean` on average and move with it alike: no noise between epochs.
std::vector<float> level(float mean) {
  std::vector<float> values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = mean + (i % 2 == 0 ? 0.1f : -0.1f);
  return values;
}

TEST(EarlyStopping, ChoosesThePlantedBestEpochAndEndsWhenPatienceDoes) {
  EarlyStopping stopping(2);
  EXPECT_EQ(stopping.chosen(), 0u);
  const float means[] = {0.10f, 0.30f, 0.20f, 0.35f, 0.34f, 0.31f};
  const bool chosen[] = {true, true, false, true, false, false};
  for (std::size_t epoch = 0; epoch < 6; ++epoch) {
    EXPECT_FALSE(stopping.over()) << "before epoch " << epoch + 1;
    EXPECT_EQ(stopping.add(level(means[epoch])), chosen[epoch]) << "epoch " << epoch + 1;
  }
  EXPECT_TRUE(stopping.over());
  EXPECT_EQ(stopping.chosen(), 4u);
}

TEST(EarlyStopping, ADifferenceWithinTheNoiseOfTheSampleIsNoReasonToGoBack) {
  // Of 100 sequences one lost .5 and one won .3: the mean is .002 lower, with a standard error of .006.
  const std::vector<float> before(100, 0.5f);
  std::vector<float> after = before;
  after[7] = 0;
  after[8] = 0.8f;
  EarlyStopping stopping(5);
  stopping.add(before);
  EXPECT_TRUE(stopping.add(after));
  EXPECT_EQ(stopping.chosen(), 2u);
  EXPECT_EQ(stopping.state().best, 1u);
  // All of them lost a little: that is no noise.
  EXPECT_FALSE(stopping.add(std::vector<float>(100, 0.495f)));
  EXPECT_EQ(stopping.chosen(), 2u);
}

TEST(EarlyStopping, APlateauRunsOnToTheEndOfTheSchedule) {
  EarlyStopping stopping(2);
  std::vector<float> values(100, 0.5f);
  stopping.add(values);
  for (std::size_t epoch = 2; epoch <= 10; ++epoch) {
    values.assign(100, 0.5f);
    values[epoch] = 0.4f;  // lower each time, and within one standard error
    values[epoch + 20] = 0.58f;
    EXPECT_TRUE(stopping.add(values));
    EXPECT_FALSE(stopping.over());
  }
  EXPECT_EQ(stopping.state().best, 1u);
  EXPECT_EQ(stopping.chosen(), 10u);
}

TEST(EarlyStopping, WithoutPatienceNeverEnds) {
  EarlyStopping stopping(0);
  for (int epoch = 0; epoch < 50; ++epoch) stopping.add(level(1.0f - 0.01f * static_cast<float>(epoch)));
  EXPECT_FALSE(stopping.over());
  EXPECT_EQ(stopping.chosen(), 1u);
}

TEST(EarlyStopping, AnotherNumberOfSequencesIsAMistake) {
  EarlyStopping stopping(1);
  stopping.add(level(0.5f));
  EXPECT_THROW(stopping.add(std::vector<float>(99, 0.5f)), std::invalid_argument);
}

/// Each score by itself, in double: the reference of the measure.
std::vector<float> naive_ndcg(const TransformerWeights& weights, const std::vector<HeldOut>& held_out,
                              const ItemSet* ranked, const kernels::Backend& backend) {
  const SessionEncoder encoder(weights, backend);
  const auto cosine = [&](const std::vector<float>& hidden, ItemId item) {
    double dot = 0, square = 0;
    const auto row = weights.items().row_span(weights.row(item));
    for (std::size_t c = 0; c < row.size(); ++c) {
      dot += static_cast<double>(row[c]) * static_cast<double>(hidden[c]);
      square += static_cast<double>(row[c]) * static_cast<double>(row[c]);
    }
    return dot / std::sqrt(square);
  };
  std::vector<float> values;
  for (const HeldOut& one : held_out) {
    const auto counts = [&](ItemId item) { return ranked == nullptr || ranked->contains(item); };
    const std::vector<float> hidden = encoder.encode(one.prefix);
    if (weights.row(one.target) == TransformerWeights::kNoRow || !counts(one.target) || hidden.empty()) {
      values.push_back(0);
      continue;
    }
    const double wanted = cosine(hidden, one.target);
    std::size_t rank = 1;
    for (const ItemId item : weights.vocabulary()) {
      const bool seen = std::find(one.prefix.begin(), one.prefix.end(), item) != one.prefix.end();
      rank += item != one.target && !seen && counts(item) && cosine(hidden, item) > wanted;
    }
    values.push_back(rank > 10 ? 0 : static_cast<float>(1 / std::log2(static_cast<double>(rank) + 1)));
  }
  return values;
}

TEST(TransformerMeasure, AgreesWithRankingEachSequenceByItself) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  // More items than one block, and few enough for targets to be among the first ten.
  const TransformerConfig config{.width = 8, .layers = 1, .heads = 2, .feed_forward = 8, .window = 6};
  for (const std::size_t items : {std::size_t{30}, std::size_t{2100}}) {
    const TransformerWeights weights = random_weights(config, items, 4);  // the vocabulary is 1, 3, 5, ...
    RandomStream random(8);
    std::vector<HeldOut> held_out;
    for (std::size_t s = 0; s < 150; ++s) {
      HeldOut& one = held_out.emplace_back();
      for (std::size_t t = 0; t < 1 + s % 9; ++t)
        one.prefix.push_back(static_cast<ItemId>(random.below(2 * items)));
      one.target = s % 5 == 0 ? one.prefix.front() : static_cast<ItemId>(random.below(2 * items));
    }
    ItemSet first_half(2 * items);
    for (std::size_t i = 0; i < items; ++i) first_half.insert(static_cast<ItemId>(i));
    for (const ItemSet* ranked :
         {static_cast<const ItemSet*>(nullptr), static_cast<const ItemSet*>(&first_half)}) {
      const std::vector<float> expected = naive_ndcg(weights, held_out, ranked, *backend);
      EXPECT_GT(mean_of(expected), 0);
      for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
        kernels::ThreadPool pool(threads);
        TransformerMeasure measure(held_out, weights.vocabulary(), ranked, *backend, pool);
        EXPECT_EQ(measure.ndcg(weights), expected) << items << " items";
        EXPECT_EQ(measure.ndcg(weights), expected) << "a second time";
      }
    }
  }
}

/// Sequences that follow a law, item i + 1 after item i, with every fourth one noise. A model that trains too
/// long without dropout learns the noise by heart.
struct NoisyLaw {
  static constexpr std::size_t kItems = 60;

  NoisyLaw() {
    RandomStream random(12);
    for (std::size_t s = 0; s < 120; ++s) {
      std::vector<ItemId> items(7);
      ItemId next = static_cast<ItemId>(random.below(kItems));
      for (ItemId& item : items) {
        item = random.uniform() < 0.4 ? static_cast<ItemId>(random.below(kItems)) : next;
        next = static_cast<ItemId>((item + 1) % kItems);
      }
      append_sequence(data, items);
    }
    for (ItemId i = 0; i < kItems; ++i) held_out.push_back({{i}, static_cast<ItemId>((i + 1) % kItems)});
  }

  TrainingData data;
  std::vector<HeldOut> held_out;
};

TransformerOptions eager_options() {
  TransformerOptions options;
  options.width = 32;
  options.feed_forward = 32;
  options.window = 10;
  options.epochs = 60;
  options.dropout = 0;
  options.rate = 0.02f;
  options.batch_sequences = 16;
  options.negatives = 64;
  options.shard_positions = 64;
  options.ppmi_start = false;
  return options;
}

TEST(TransformerTrainer, KeepsTheWeightsOfTheEpochThatValidationChose) {
  const NoisyLaw law;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  Progress silent;
  TransformerTraining training{.data = law.data, .options = eager_options(), .validation = law.held_out};
  const TrainedTransformer stopped = train_transformer(training, *backend, pool, silent);
  EXPECT_LT(stopped.epochs, stopped.curve.size());
  EXPECT_LT(stopped.curve.size(), training.options.epochs) << "it never ended early";

  // The measure of the kept weights is the curve's at that epoch, and of its best within the noise.
  TransformerMeasure measure(law.held_out, stopped.weights.vocabulary(), nullptr, *backend, pool);
  const double kept = mean_of(measure.ndcg(stopped.weights));
  EXPECT_EQ(stopped.curve[stopped.epochs - 1].validation, kept);
  double best = 0;
  for (const LearningPoint& point : stopped.curve) best = std::max(best, *point.validation);
  EXPECT_GT(kept, best - 0.1);

  // What a refit does: the same schedule, that many epochs, no validation.
  TransformerTraining refit{.data = law.data, .options = eager_options()};
  refit.options.stop_after = stopped.epochs;
  const TrainedTransformer again = train_transformer(refit, *backend, pool, silent);
  EXPECT_EQ(again.epochs, stopped.epochs);
  EXPECT_TRUE(std::ranges::equal(again.weights.flat_body(), stopped.weights.flat_body()));
}

TEST(TransformerTrainer, TheCurveHasAPointForEachEpoch) {
  const NoisyLaw law;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  Progress silent;
  TransformerTraining training{.data = law.data, .options = eager_options(), .validation = law.held_out};
  training.options.epochs = 5;
  training.options.patience = 0;
  const auto curve = train_transformer(training, *backend, pool, silent).curve;
  ASSERT_EQ(curve.size(), 5u);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    EXPECT_EQ(curve[i].epoch, i + 1);
    EXPECT_EQ(curve[i].step, (i + 1) * curve[0].step);
    EXPECT_TRUE(curve[i].validation.has_value());
    EXPECT_GT(curve[i].rate, 0);
    if (i == 0) continue;
    EXPECT_LT(curve[i].loss, curve[i - 1].loss) << "epoch " << i + 1;
    EXPECT_GE(curve[i].seconds, curve[i - 1].seconds);
  }
  EXPECT_LT(curve.back().rate, curve[1].rate);
}

}  // namespace
}  // namespace segue::index
