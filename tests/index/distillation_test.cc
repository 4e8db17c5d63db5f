// A narrow Transformer that a wide one teaches: gradients, trainings, checkpoints.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "index/model/transformer_measure.h"
#include "index/model/transformer_trainer.h"
#include "kernels/error.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr TransformerConfig kWide{
    .width = 12, .layers = 1, .heads = 3, .feed_forward = 8, .window = 6, .temperature = 0.3f};
constexpr TransformerConfig kNarrow{
    .width = 4, .layers = 2, .heads = 2, .feed_forward = 6, .window = 6, .temperature = 0.5f};
constexpr std::size_t kItems = 14;

TrainingBatch tiny_batch() {
  TrainingBatch batch;
  batch.inputs = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  batch.targets = {1, 4, 1, 5, 8, 2, 6, 5, 3, 0};
  batch.offsets = {0, 5, 6, 10};
  return batch;
}

Negatives tiny_negatives() {
  return {.rows = {0, 4, 7, 8, 11}, .log_expected = {-0.5f, 0.25f, -1.0f, 0.0f, 0.75f}};
}

/// The gradient of the whole loss, the teacher's rankings included, beside finite differences of it.
class TaughtGradients : public testing::Test {
 protected:
  double loss() { return gradients_.compute(narrow_, tiny_batch(), tiny_negatives(), {0.2f, 42}, &teacher_); }

  /// Central difference; fp32 leaves about 1e-6 / step of noise in it.
  double slope(float& parameter) {
    constexpr float kStep = 4e-3f;
    const float before = parameter;
    parameter = before + kStep;
    const double up = loss();
    parameter = before - kStep;
    const double down = loss();
    parameter = before;
    return (up - down) / (2 * static_cast<double>(kStep));
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  TransformerWeights wide_ = random_weights(kWide, kItems, 5);
  TransformerWeights narrow_ = random_weights(kNarrow, kItems, 3);
  TransformerTeacher teacher_{wide_, {0.7, 1.5}, *backend_};
  TransformerGradients gradients_{kNarrow, kItems, *backend_, pool_, 6};
};

TEST_F(TaughtGradients, AgreeWithFiniteDifferences) {
  loss();
  const std::vector<float> body(gradients_.body().begin(), gradients_.body().end());
  std::vector<float> items(kItems * kNarrow.width);
  for (std::size_t r = 0; r < gradients_.rows().size(); ++r)
    std::copy_n(gradients_.items().row(r), kNarrow.width, &items[gradients_.rows()[r] * kNarrow.width]);
  for (std::size_t i = 0; i < body.size(); ++i) {
    const double expected = slope(narrow_.flat_body()[i]);
    ASSERT_NEAR(static_cast<double>(body[i]), expected, 4e-4 + 1e-2 * std::abs(expected)) << "body at " << i;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double expected = slope(narrow_.items().data[i]);
    ASSERT_NEAR(static_cast<double>(items[i]), expected, 4e-4 + 1e-2 * std::abs(expected))
        << "items at " << i;
  }
}

TEST_F(TaughtGradients, OfATeacherWithoutAShareAreThoseOfNoTeacherBitForBit) {
  const TransformerTeacher unheard(wide_, {0, 1}, *backend_);
  gradients_.compute(narrow_, tiny_batch(), tiny_negatives(), {0.2f, 42}, &unheard);
  TransformerGradients alone(kNarrow, kItems, *backend_, pool_, 6);
  alone.compute(narrow_, tiny_batch(), tiny_negatives(), {0.2f, 42});
  EXPECT_TRUE(std::ranges::equal(gradients_.body(), alone.body()));
  ASSERT_TRUE(std::ranges::equal(gradients_.rows(), alone.rows()));
  for (std::size_t r = 0; r < alone.rows().size(); ++r)
    EXPECT_TRUE(std::ranges::equal(gradients_.items().row_span(r), alone.items().row_span(r)));
}

TEST_F(TaughtGradients, RefuseATeacherOfOtherItems) {
  const TransformerWeights other = random_weights(kWide, kItems - 1, 5);
  const TransformerTeacher teacher(other, {}, *backend_);
  EXPECT_THROW(gradients_.compute(narrow_, tiny_batch(), tiny_negatives(), {}, &teacher),
               std::invalid_argument);
}

/// Sequences that go on about three topics of many, by items that are as good as each other. An item is seen
/// a few times, beside some of its topic only, and there are more topics than a narrow model has directions.
class Distillation : public testing::Test {
 protected:
  static constexpr std::size_t kTopics = 60;
  static constexpr std::size_t kTopicItems = 10;

  Distillation() {
    RandomStream random(7);
    data_.item_count = kTopics * kTopicItems;
    for (std::size_t s = 0; s < 800; ++s) append_sequence(data_, session(random, 6));
    for (std::size_t s = 0; s < 400; ++s) {
      const std::vector<ItemId> items = session(random, 6);
      held_out_.push_back({{items.begin(), items.end() - 1}, items.back()});
    }
    wide_.width = 64;
    wide_.feed_forward = 64;
    wide_.layers = 1;
    wide_.window = 10;
    wide_.epochs = 20;
    wide_.dropout = 0.3f;
    wide_.batch_sequences = 32;
    wide_.negatives = 1000;
    wide_.shard_positions = 64;
    narrow_ = wide_;
    narrow_.width = 8;
    narrow_.feed_forward = 8;
    narrow_.epochs = 8;
  }

  static std::vector<ItemId> session(RandomStream& random, std::size_t length) {
    std::vector<ItemId> items;
    const std::size_t topics[] = {random.below(kTopics), random.below(kTopics), random.below(kTopics)};
    while (items.size() < length)
      items.push_back(static_cast<ItemId>(kTopicItems * topics[random.below(3)] + random.below(kTopicItems)));
    return items;
  }

  TransformerWeights train(const TransformerTraining& training, std::size_t threads = 2) const {
    kernels::ThreadPool pool(threads);
    Progress quiet;
    return train_transformer(training, *backend_, pool, quiet).weights;
  }
  TransformerTraining taught(const TransformerTeacher& teacher) const {
    return {.data = data_, .options = narrow_, .sources = {.table = &teacher.weights()}, .teacher = &teacher};
  }
  /// NDCG@10 on the held-out sequences.
  double accuracy(const TransformerWeights& weights) const {
    kernels::ThreadPool pool(2);
    TransformerMeasure measure(held_out_, weights.vocabulary(), nullptr, *backend_, pool);
    const std::vector<float> values = measure.ndcg(weights);
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value);
    return sum / static_cast<double>(values.size());
  }
  static bool same(const TransformerWeights& a, const TransformerWeights& b) {
    const kernels::ConstMatrix x = a.items();
    const kernels::ConstMatrix y = b.items();
    return std::ranges::equal(a.flat_body(), b.flat_body()) &&
           std::equal(x.data, x.data + x.rows * x.cols, y.data, y.data + y.rows * y.cols);
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  TrainingData data_;
  std::vector<HeldOut> held_out_;
  TransformerOptions wide_, narrow_;
};

TEST_F(Distillation, OfAWideModelMakesABetterNarrowOneThanTheLogAlone) {
  double alone = 0, distilled = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    wide_.seed = narrow_.seed = seed;
    const TransformerWeights wide = train({.data = data_, .options = wide_});
    const TransformerTeacher teacher(wide, {}, *backend_);
    alone += accuracy(train({.data = data_, .options = narrow_}));
    distilled += accuracy(train(taught(teacher)));
  }
  EXPECT_GT(distilled, 1.15 * alone);
}

TEST_F(Distillation, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  wide_.epochs = narrow_.epochs = 2;
  const TransformerWeights wide = train({.data = data_, .options = wide_});
  const TransformerTeacher teacher(wide, {}, *backend_);
  const TransformerWeights two = train(taught(teacher), 2);
  EXPECT_TRUE(same(two, train(taught(teacher), 1)));
  EXPECT_TRUE(same(two, train(taught(teacher), 3)));
}

TEST_F(Distillation, AShareOfNothingIsTheTrainingAloneBitForBit) {
  wide_.epochs = narrow_.epochs = 2;
  const TransformerWeights wide = train({.data = data_, .options = wide_});
  const TransformerTeacher unheard(wide, {0, 1}, *backend_);
  EXPECT_TRUE(same(train({.data = data_, .options = narrow_, .teacher = &unheard}),
                   train({.data = data_, .options = narrow_})));
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

TEST_F(Distillation, GoesOnFromACheckpointOfTheSameTeacherOnly) {
  wide_.epochs = narrow_.epochs = 2;
  const TransformerWeights wide = train({.data = data_, .options = wide_});
  const TransformerTeacher teacher(wide, {}, *backend_);
  const TransformerWeights whole = train(taught(teacher));
  const auto file = std::filesystem::path(testing::TempDir()) /
                    ("distillation-" + std::to_string(::getpid()) + ".safetensors");
  TransformerTraining resumed = taught(teacher);
  resumed.checkpoint = file;
  kernels::ThreadPool pool(2);
  const auto interrupt = [&](int look) {
    InterruptedAt progress(look);
    EXPECT_THROW(train_transformer(resumed, *backend_, pool, progress), Error);
    EXPECT_TRUE(std::filesystem::exists(file));
  };
  interrupt(20);
  InterruptedAt never(-1);
  EXPECT_TRUE(same(train_transformer(resumed, *backend_, pool, never).weights, whole));
  EXPECT_NE(never.said.find("goes on from"), std::string::npos);

  ++wide_.seed;
  const TransformerWeights other_wide = train({.data = data_, .options = wide_});
  const TransformerTeacher other(other_wide, {}, *backend_);
  TransformerTraining anew = taught(other);
  anew.checkpoint = file;
  InterruptedAt watcher(-1);
  train_transformer(anew, *backend_, pool, watcher);
  EXPECT_NE(watcher.said.find("begins anew"), std::string::npos);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace segue::index
