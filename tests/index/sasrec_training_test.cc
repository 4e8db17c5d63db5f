// Weights of SASRec.pytorch that are trained further: gradients, trainings, checkpoints.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "index/model/sasrec_encoder.h"
#include "index/model/transformer_gradients.h"
#include "index/model/transformer_measure.h"
#include "index/model/transformer_trainer.h"
#include "kernels/error.h"
#include "tests/index/sasrec_reference.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 14;
constexpr TransformerConfig kTiny{.width = 8,
                                  .layers = 2,
                                  .heads = 2,
                                  .feed_forward = 12,
                                  .window = 6,
                                  .temperature = 1,
                                  .form = TransformerForm::kSasrec};

/// Sessions of 5 events behind one place of zeros, of 1 behind five, of 4, and of the whole window.
TrainingBatch tiny_batch() {
  TrainingBatch batch;
  batch.inputs = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 1, 12, 3, 3, 13, 2};
  batch.targets = {1, 4, 1, 5, 8, 2, 6, 5, 3, 0, 12, 3, 3, 13, 2, 4};
  batch.offsets = {0, 5, 6, 10, 16};
  return batch;
}

Negatives tiny_negatives() {  // 4 and 8 are targets too: masked in their rows
  return {.rows = {0, 4, 7, 8, 11}, .log_expected = {-0.5f, 0.25f, -1.0f, 0.0f, 0.75f}};
}

class SasrecGradients : public testing::Test {
 protected:
  double loss(float dropout = 0) {
    return gradients_.compute(weights_, tiny_batch(), tiny_negatives(), {dropout, 42});
  }
  std::vector<float> body() const { return {gradients_.body().begin(), gradients_.body().end()}; }
  /// [v, d], zeros for rows that took no part.
  std::vector<float> items() const {
    std::vector<float> all(kItems * kTiny.width);
    for (std::size_t r = 0; r < gradients_.rows().size(); ++r)
      std::copy_n(gradients_.items().row(r), kTiny.width, &all[gradients_.rows()[r] * kTiny.width]);
    return all;
  }

  TransformerWeights weights_ = random_weights(kTiny, kItems, 3);
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  TransformerGradients gradients_{kTiny, kItems, *backend_, pool_, 6};
};

TEST_F(SasrecGradients, TheLossIsThatOfTheNaiveReference) {
  EXPECT_NEAR(loss(), SasrecReference(weights_).loss(tiny_batch(), tiny_negatives()), 1e-5);
}

TEST_F(SasrecGradients, OfEveryParameterAgreeWithDifferencesOfTheReferenceInDoublePrecision) {
  loss();
  SasrecReference reference(weights_);
  const auto slope = [&](double& parameter) {
    constexpr double kStep = 1e-6;
    const double before = parameter;
    parameter = before + kStep;
    const double up = reference.loss(tiny_batch(), tiny_negatives());
    parameter = before - kStep;
    const double down = reference.loss(tiny_batch(), tiny_negatives());
    parameter = before;
    return (up - down) / (2 * kStep);
  };
  const std::vector<float> gradient = body();
  for (const TransformerTensor& tensor : transformer_tensors(kTiny)) {
    double largest = 0;
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      const double expected = slope(reference.body[i]);
      largest = std::max(largest, std::abs(expected));
      ASSERT_NEAR(static_cast<double>(gradient[i]), expected, 2e-6 + 1e-4 * std::abs(expected))
          << tensor.name << " at " << i - tensor.offset;
    }
    EXPECT_GT(largest, 2e-3) << tensor.name << " takes no part in the loss";
  }
  const std::vector<float> rows = items();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double expected = slope(reference.items[i]);
    ASSERT_NEAR(static_cast<double>(rows[i]), expected, 2e-6 + 1e-4 * std::abs(expected))
        << "item " << i / kTiny.width << " column " << i % kTiny.width;
  }
}

TEST_F(SasrecGradients, WithDropoutAgreeWithFiniteDifferences) {
  // No ReLU at its bend, where a difference is neither slope.
  for (const auto& block : weights_.body().blocks) {
    for (float& bias : block.up_bias) bias += 6;
    for (float& weight : std::span(block.down.data, block.down.rows * block.down.cols)) weight *= 0.3f;
  }
  constexpr float kDropout = 0.3f;
  EXPECT_GT(std::abs(loss(kDropout) - loss()), 1e-3);
  loss(kDropout);
  const std::vector<float> gradient = body();
  const std::vector<float> rows = items();
  const auto slope = [&](float& parameter) {
    constexpr float kStep = 4e-3f;
    const float before = parameter;
    parameter = before + kStep;
    const double up = loss(kDropout);
    parameter = before - kStep;
    const double down = loss(kDropout);
    parameter = before;
    return (up - down) / (2 * static_cast<double>(kStep));
  };
  // fp32 leaves about 1e-6 / step of noise in a difference.
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double expected = slope(weights_.flat_body()[i]);
    ASSERT_NEAR(static_cast<double>(gradient[i]), expected, 4e-4 + 1e-2 * std::abs(expected))
        << "body at " << i;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double expected = slope(weights_.items().data[i]);
    ASSERT_NEAR(static_cast<double>(rows[i]), expected, 4e-4 + 1e-2 * std::abs(expected)) << "items at " << i;
  }
}

TEST_F(SasrecGradients, DoNotDependOnTheNumberOfThreads) {
  const double with_two = loss(0.3f);
  kernels::ThreadPool one(1);
  TransformerGradients alone(kTiny, kItems, *backend_, one, 6);
  EXPECT_EQ(alone.compute(weights_, tiny_batch(), tiny_negatives(), {0.3f, 42}), with_two);
  EXPECT_TRUE(std::ranges::equal(body(), alone.body()));
  ASSERT_TRUE(std::ranges::equal(gradients_.rows(), alone.rows()));
  for (std::size_t r = 0; r < alone.rows().size(); ++r)
    EXPECT_TRUE(std::ranges::equal(gradients_.items().row_span(r), alone.items().row_span(r)));
}

TEST_F(SasrecGradients, TheBatchedPassEndsWhereTheEncoderDoesAndGoesWhereTheReferenceDoes) {
  SasrecReference reference(weights_);
  const auto pass = make_body_pass(kTiny, *backend_);
  const TrainingBatch batch = tiny_batch();
  const kernels::ConstMatrix table = std::as_const(weights_).items();
  const kernels::ConstMatrix hidden =
      pass->forward(std::as_const(weights_).body(), table, {batch.inputs, batch.offsets}, {});
  for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s) {
    const std::size_t begin = batch.offsets[s];
    const auto session = std::span(batch.inputs).subspan(begin, batch.offsets[s + 1] - begin);
    std::vector<float> encoded(kTiny.width);
    encode_sasrec(weights_, *backend_, session, encoded);
    const SasrecReference::Rows expected = reference.hidden(session);
    for (std::size_t c = 0; c < kTiny.width; ++c) {
      EXPECT_NEAR(hidden(begin + session.size() - 1, c), encoded[c], 1e-5f) << "session " << s;
      for (std::size_t t = 0; t < session.size(); ++t)
        EXPECT_NEAR(static_cast<double>(hidden(begin + t, c)), expected[t][c], 1e-5)
            << "session " << s << " event " << t;
    }
  }
}

TEST_F(SasrecGradients, TheMeasureRanksByInnerProducts) {
  std::vector<HeldOut> held_out;
  RandomStream random(8);
  const auto some_item = [&] { return weights_.vocabulary()[random.below(kItems)]; };
  for (std::size_t s = 0; s < 20; ++s) held_out.push_back({{some_item(), some_item()}, some_item()});
  for (std::size_t c = 0; c < kTiny.width; ++c)
    weights_.items()(2, c) *= 20;  // where a cosine would not see it
  const SasrecReference reference(weights_);
  TransformerMeasure measure(held_out, weights_.vocabulary(), nullptr, *backend_, pool_);
  const std::vector<float> values = measure.ndcg(weights_);
  for (std::size_t s = 0; s < held_out.size(); ++s) {
    const HeldOut& one = held_out[s];
    const std::vector<std::uint32_t> session{weights_.row(one.prefix[0]), weights_.row(one.prefix[1])};
    const auto hidden = reference.hidden(session).back();
    double rank = 1;
    for (std::uint32_t row = 0; row < kItems; ++row) {
      if (row == weights_.row(one.target) || row == session[0] || row == session[1]) continue;
      rank += reference.score(hidden, row) > reference.score(hidden, weights_.row(one.target));
    }
    EXPECT_NEAR(static_cast<double>(values[s]), rank <= 10 ? 1 / std::log2(rank + 1) : 0, 1e-6) << s;
  }
}

/// A planted law of order: after the pair (a, b) comes n + (a + 2b + 1) mod n. Which items a session holds
/// leaves two candidates; only their order tells which.
class SasrecTraining : public testing::Test {
 protected:
  static constexpr std::size_t kN = 8;

  SasrecTraining() {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("sasrec-") + testing::UnitTest::GetInstance()->current_test_info()->name() +
               std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    for (ItemId a = 0; a < kN; ++a) {
      for (ItemId b = 0; b < kN; ++b) {
        if (a == b) continue;
        const auto next = static_cast<ItemId>(kN + (a + 2 * b + 1) % kN);
        for (std::size_t repeat = 0; repeat < 6; ++repeat) append_sequence(data_, {a, b, next});
        held_out_.push_back({{a, b}, next});
      }
    }
    options_.form = TransformerForm::kSasrec;
    options_.temperature = 1;
    options_.width = 32;
    options_.feed_forward = 32;
    options_.window = 10;
    options_.epochs = 4;
    options_.dropout = 0.1f;
    options_.batch_sequences = 16;
    options_.negatives = 64;
    options_.shard_positions = 64;
  }
  ~SasrecTraining() override { std::filesystem::remove_all(folder_); }

  TransformerTraining training() const {
    return {.data = data_, .options = options_, .validation = held_out_};
  }
  TrainedTransformer train(const TransformerTraining& training, std::size_t threads = 2) const {
    Progress quiet;
    return train(training, quiet, threads);
  }
  TrainedTransformer train(const TransformerTraining& training, Progress& progress,
                           std::size_t threads = 2) const {
    kernels::ThreadPool pool(threads);
    return train_transformer(training, *backend_, pool, progress);
  }
  double accuracy(const TransformerWeights& weights) const {
    kernels::ThreadPool pool(2);
    TransformerMeasure measure(held_out_, weights.vocabulary(), nullptr, *backend_, pool);
    const std::vector<float> values = measure.ndcg(weights);
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  static bool same(const TransformerWeights& a, const TransformerWeights& b) {
    const kernels::ConstMatrix x = a.items();
    const kernels::ConstMatrix y = b.items();
    return std::ranges::equal(a.flat_body(), b.flat_body()) &&
           std::equal(x.data, x.data + x.rows * x.cols, y.data, y.data + y.rows * y.cols);
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  std::filesystem::path folder_;
  TrainingData data_;
  std::vector<HeldOut> held_out_;
  TransformerOptions options_;
};

TEST_F(SasrecTraining, GoesOnFromWeightsToBetterOnes) {
  const TransformerWeights start = train(training()).weights;
  ASSERT_EQ(start.config().form, TransformerForm::kSasrec);
  options_.epochs = 40;
  options_.rate = 2e-3f;
  options_.dropout = 0;
  TransformerTraining further = training();
  further.sources.warm = &start;
  const TrainedTransformer done = train(further);
  EXPECT_LT(done.curve.back().loss, 0.7 * done.curve.front().loss);
  const double before = accuracy(start), after = accuracy(done.weights);
  EXPECT_GT(after, before + 0.1);
  // Whoever ignores order is right first in at most a half of the pairs.
  EXPECT_GT(after, 0.95);
}

TEST_F(SasrecTraining, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  const TransformerWeights two = train(training(), 2).weights;
  EXPECT_TRUE(same(two, train(training(), 1).weights));
  EXPECT_TRUE(same(two, train(training(), 3).weights));
  options_.seed = 2;
  EXPECT_FALSE(same(two, train(training()).weights));
}

TEST_F(SasrecTraining, StartsNewItemsWhereTheirNeighboursAre) {
  const TransformerWeights warm = random_weights(options_.config(), 2, 3);  // of items 1 and 3
  TrainingData data;
  append_sequence(data, {1, 2, 3});
  kernels::ThreadPool pool(1);
  Progress quiet;
  const TransformerWeights weights =
      untrained_weights(TrainingWindows(data), {options_, *backend_, pool, quiet}, {.warm = &warm});
  EXPECT_TRUE(std::ranges::equal(weights.flat_body(), warm.flat_body()));
  for (std::size_t c = 0; c < options_.width; ++c)
    EXPECT_FLOAT_EQ(weights.items()(1, c), (warm.items()(0, c) + warm.items()(1, c)) / 2);
}

TEST_F(SasrecTraining, LeavesContextsAlone) {
  const TransformerWeights plain = train(training()).weights;
  auto sets = std::make_shared<ContextSets>();
  const std::uint32_t set = sets->add(std::vector<ContextId>{0, 1});
  data_.contexts.assign(data_.items.size(), set);
  data_.sets = sets;
  const TransformerWeights weights = train(training()).weights;
  EXPECT_EQ(weights.config().contexts, 0u);
  EXPECT_TRUE(same(plain, weights));
}

class InterruptedAt final : public Progress {
 public:
  explicit InterruptedAt(int look) : left_(look) {}
  void check() const override {
    if (left_-- == 0) throw Error(ErrorKind::kInterrupted, "interrupted");
  }
  void message(std::string_view text) override { said += text; }
  std::string said;

 private:
  mutable int left_;
};

TEST_F(SasrecTraining, GoesOnFromACheckpointToTheSameBytes) {
  const TransformerWeights warm = random_weights(options_.config(), kN, 3);
  TransformerTraining whole = training();
  whole.sources.warm = &warm;
  const TrainedTransformer expected = train(whole);
  TransformerTraining kept = whole;
  kept.checkpoint = folder_ / "t.safetensors";
  std::size_t resumed = 0;
  for (const int look : {3, 20, 31}) {
    InterruptedAt interrupted(look);
    EXPECT_THROW(train(kept, interrupted), Error);
    resumed += interrupted.said.find("goes on from") != std::string::npos;
  }
  EXPECT_GE(resumed, 2u);
  const TrainedTransformer rest = train(kept, 1);
  EXPECT_TRUE(same(expected.weights, rest.weights));
  EXPECT_EQ(expected.epochs, rest.epochs);
}

TEST_F(SasrecTraining, TeachesANarrowOneOfOurForm) {
  const TransformerWeights wide = random_weights(options_.config(), 2 * kN, 3);
  const TransformerTeacher teacher(wide, {.share = 1, .temperature = 1}, *backend_);
  const SasrecReference reference(wide);
  // One position, one negative and nothing but the teacher's ranking: q ln(q / p) summed over the two.
  TransformerConfig config{.width = 8, .layers = 1, .heads = 2, .feed_forward = 8, .window = 10};
  const TransformerWeights narrow = random_weights(config, 2 * kN, 5);
  kernels::ThreadPool pool(1);
  TransformerGradients gradients(config, 2 * kN, *backend_, pool);
  TrainingBatch batch;
  batch.inputs = {6};
  batch.targets = {2};
  batch.offsets = {0, 1};
  const auto share_of_target = [](double target, double negative) {
    return 1 / (1 + std::exp(negative - target));
  };
  const std::vector<std::uint32_t> session{6};
  const auto wide_hidden = reference.hidden(session).back();
  const double q = share_of_target(reference.score(wide_hidden, 2), reference.score(wide_hidden, 7));
  MatrixBuffer unit;
  backend_->normalize_rows(narrow.items(), 1, unit.reshape(2 * kN, 8), {});
  const auto pass = make_body_pass(config, *backend_);
  const kernels::ConstMatrix hidden =
      pass->forward(narrow.body(), unit.view(), {batch.inputs, batch.offsets}, {});
  const auto logit = [&](std::size_t row) {
    double sum = 0;
    for (std::size_t c = 0; c < 8; ++c)
      sum += static_cast<double>(hidden(0, c)) * static_cast<double>(unit.view()(row, c));
    return sum / static_cast<double>(config.temperature);
  };
  const double p = share_of_target(logit(2), logit(7));
  const double expected = q * std::log(q / p) + (1 - q) * std::log((1 - q) / (1 - p));
  EXPECT_NEAR(gradients.compute(narrow, batch, {{7}, {0.0f}}, {}, &teacher), expected,
              1e-4 * (1 + std::abs(expected)));
}

}  // namespace
}  // namespace segue::index
