#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "index/model/transformer_gradients.h"
#include "index/model/transformer_pass.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 14;
constexpr TransformerConfig kTiny{
    .width = 8, .layers = 2, .heads = 2, .feed_forward = 12, .window = 6, .temperature = 0.5f};

TrainingBatch tiny_batch() {
  TrainingBatch batch;
  batch.inputs = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  batch.targets = {1, 4, 1, 5, 8, 2, 6, 5, 3, 0};
  batch.offsets = {0, 5, 6, 10};
  return batch;
}

Negatives tiny_negatives() {  // 4 and 8 are targets too: masked in their rows
  return {.rows = {0, 4, 7, 8, 11}, .log_expected = {-0.5f, 0.25f, -1.0f, 0.0f, 0.75f}};
}

/// The gradient of the whole loss, held against finite differences of the loss itself, with the shard count
/// given.
class TransformerGradientsTest : public testing::TestWithParam<float> {
 protected:
  TransformerGradientsTest()
      : weights_(random_weights(kTiny, kItems, 3)),
        backend_(kernels::make_backend(kernels::Device::kCpu)),
        gradients_(kTiny, kItems, *backend_, pool_, 6) {}

  double loss() { return gradients_.compute(weights_, tiny_batch(), tiny_negatives(), {GetParam(), 42}); }

  /// Central difference of the loss by a parameter. fp32 leaves about 1e-6 / step of noise in it.
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

  TransformerWeights weights_;
  std::unique_ptr<kernels::Backend> backend_;
  kernels::ThreadPool pool_{2};
  TransformerGradients gradients_;
};

INSTANTIATE_TEST_SUITE_P(DropoutOffAndOn, TransformerGradientsTest, testing::Values(0.0f, 0.3f));

TEST_P(TransformerGradientsTest, OfEveryTensorOfTheBodyAgreeWithFiniteDifferences) {
  loss();
  const std::vector<float> gradient(gradients_.body().begin(), gradients_.body().end());
  for (const TransformerTensor& tensor : transformer_tensors(kTiny)) {
    double largest = 0;
    for (std::size_t i = 0; i<tensor.size; i += tensor.size> 64 ? 7 : 1) {
      const std::size_t place = tensor.offset + i;
      const double expected = slope(weights_.flat_body()[place]);
      largest = std::max(largest, std::abs(expected));
      ASSERT_NEAR(static_cast<double>(gradient[place]), expected, 2e-4 + 1e-2 * std::abs(expected))
          << tensor.name << " at " << i;
    }
    // A bias of the keys moves all scores of a query alike, so its gradient alone is zero: the rest of qkv's
    // is not.
    EXPECT_GT(largest, 2e-3) << tensor.name << " takes no part in the loss";
  }
}

TEST_P(TransformerGradientsTest, OfTheItemTableAgreeWithFiniteDifferences) {
  loss();
  std::vector<float> expected_rows(kItems * kTiny.width);
  std::vector<bool> seen(kItems);
  for (std::size_t r = 0; r < gradients_.rows().size(); ++r) {
    const std::uint32_t row = gradients_.rows()[r];
    EXPECT_FALSE(seen[row]) << "row " << row << " stands twice";
    seen[row] = true;
    std::copy_n(gradients_.items().row(r), kTiny.width, expected_rows.begin() + row * kTiny.width);
  }
  for (std::size_t row = 0; row < kItems; ++row) {
    for (std::size_t c = 0; c < kTiny.width; ++c) {
      const double expected = slope(weights_.items()(row, c));
      ASSERT_NEAR(static_cast<double>(expected_rows[row * kTiny.width + c]), expected,
                  2e-4 + 1e-2 * std::abs(expected))
          << "item " << row << " column " << c;
      if (!seen[row]) {
        EXPECT_EQ(expected, 0) << "row " << row << " moves the loss, but is not among the rows";
      }
    }
  }
}

TEST_P(TransformerGradientsTest, DoNotDependOnTheNumberOfThreads) {
  const double with_two = loss();
  const std::vector<float> body(gradients_.body().begin(), gradients_.body().end());
  kernels::ThreadPool one(1);
  TransformerGradients alone(kTiny, kItems, *backend_, one, 6);
  EXPECT_EQ(alone.compute(weights_, tiny_batch(), tiny_negatives(), {GetParam(), 42}), with_two);
  EXPECT_TRUE(std::equal(body.begin(), body.end(), alone.body().begin(), alone.body().end()));
}

TEST(TransformerGradients, WithoutDropoutDoNotDependOnTheShards) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const TransformerWeights weights = random_weights(kTiny, kItems, 9);
  kernels::ThreadPool pool(2);
  TransformerGradients many(kTiny, kItems, *backend, pool, 1);
  TransformerGradients one(kTiny, kItems, *backend, pool, 1000);
  EXPECT_NEAR(many.compute(weights, tiny_batch(), tiny_negatives(), {}),
              one.compute(weights, tiny_batch(), tiny_negatives(), {}), 1e-5);
  for (std::size_t i = 0; i < one.body().size(); ++i) EXPECT_NEAR(many.body()[i], one.body()[i], 1e-5f);
  for (std::size_t r = 0; r < one.rows().size(); ++r) {
    for (std::size_t c = 0; c < kTiny.width; ++c) EXPECT_NEAR(many.items()(r, c), one.items()(r, c), 1e-5f);
  }
}

TEST(TransformerGradients, TheLossIsTheOneThatTheFormulaGives) {
  // One position, one negative: log(1 + exp(s- - log_expected - s+)), s from the encoder's own output.
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const TransformerWeights weights = random_weights(kTiny, kItems, 21);
  kernels::ThreadPool pool(1);
  TransformerGradients gradients(kTiny, kItems, *backend, pool);
  TransformerPass pass(kTiny, *backend);
  MatrixBuffer unit;
  backend->normalize_rows(weights.items(), 1, unit.reshape(kItems, kTiny.width), {});
  const std::uint32_t token[] = {6};
  const std::uint32_t offsets[] = {0, 1};
  const kernels::ConstMatrix hidden = pass.forward(weights.body(), unit.view(), {token, offsets}, {});
  const auto score = [&](std::size_t row) {
    double dot = 0;
    for (std::size_t c = 0; c < kTiny.width; ++c)
      dot += static_cast<double>(hidden(0, c)) * static_cast<double>(unit.view()(row, c));
    return dot / static_cast<double>(kTiny.temperature);
  };
  TrainingBatch batch;
  batch.inputs = {6};
  batch.targets = {2};
  batch.offsets = {0, 1};
  const double loss = gradients.compute(weights, batch, {{7}, {0.5f}}, {});
  EXPECT_NEAR(loss, std::log1p(std::exp(score(7) - 0.5 - score(2))), 1e-5);
}

}  // namespace
}  // namespace segue::index
