#include "index/model/transformer_pruning.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "index/model/session_encoder.h"
#include "kernels/backend.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr TransformerConfig kConfig{.width = 12, .layers = 3, .heads = 3, .feed_forward = 8, .window = 6};

class TransformerPruning : public testing::Test {
 protected:
  std::vector<float> encode(const TransformerWeights& weights) const {
    return SessionEncoder(weights, *backend_).encode(std::vector<ItemId>{1, 7, 3, 9});
  }
  static void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t c = 0; c < a.size(); ++c) EXPECT_NEAR(a[c], b[c], 2e-6f);
  }
  /// The same model with the head's way out closed: its columns of the output product are zeros.
  static void silence_head(TransformerWeights& weights, std::size_t block, std::size_t head) {
    const kernels::Matrix out = weights.body().blocks[block].out;
    for (std::size_t r = 0; r < out.rows; ++r) {
      for (std::size_t c = 4 * head; c < 4 * head + 4; ++c) out(r, c) = 0;
    }
  }

  TransformerWeights weights_ = random_weights(kConfig, 8, 3);
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

TEST_F(TransformerPruning, TakingOutAHeadIsSilencingIt) {
  for (std::size_t head = 0; head < 3; ++head) {
    const TransformerWeights left = without(weights_, {1, head});
    EXPECT_EQ(left.config().layer_heads, (std::vector<std::size_t>{3, 2, 3}));
    EXPECT_EQ(left.body().blocks[1].qkv.rows, 24u);
    TransformerWeights silent = weights_;
    silence_head(silent, 1, head);
    expect_near(encode(left), encode(silent));
  }
}

TEST_F(TransformerPruning, OfABlockWithoutHeadsTheRestWorks) {
  TransformerWeights left = weights_;
  TransformerWeights silent = weights_;
  for (std::size_t head = 0; head < 3; ++head) {
    left = without(left, {0, std::size_t{0}});
    silence_head(silent, 0, head);
  }
  EXPECT_EQ(left.config().attention_width(0), 0u);
  expect_near(encode(left), encode(silent));
  EXPECT_THROW(without(left, {0, std::size_t{0}}), std::invalid_argument);
}

TEST_F(TransformerPruning, TakingOutABlockLeavesItsNeighbours) {
  const TransformerWeights left = without(weights_, {1, {}});
  EXPECT_EQ(left.config().layers, 2u);
  // A block that adds nothing is a block that is not there.
  TransformerWeights silent = weights_;
  const auto block = silent.body().blocks[1];
  for (const kernels::Matrix matrix : {block.out, block.down}) {
    for (std::size_t r = 0; r < matrix.rows; ++r) std::fill_n(matrix.row(r), matrix.cols, 0.0f);
  }
  std::fill(block.out_bias.begin(), block.out_bias.end(), 0.0f);
  std::fill(block.down_bias.begin(), block.down_bias.end(), 0.0f);
  expect_near(encode(left), encode(silent));
}

TEST_F(TransformerPruning, SessionsGrowStepByStepAndComeBackFromFiles) {
  const TransformerWeights left =
      without(without(without(weights_, {2, std::size_t{1}}), {1, {}}), {0, std::size_t{2}});
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("segue-pruned-" + std::to_string(::getpid()));
  left.save(file, Storage::kFp32);
  const TransformerWeights loaded = TransformerWeights::load(file);
  std::filesystem::remove(file);
  EXPECT_EQ(loaded.config(), left.config());
  EXPECT_EQ(loaded.config().layer_heads, (std::vector<std::size_t>{2, 2}));
  const SessionEncoder encoder(loaded, *backend_);
  SessionState state = encoder.start();
  std::vector<ItemId> session;
  for (const ItemId item : {1u, 7u, 3u, 9u, 9u, 5u, 1u, 3u}) {
    session.push_back(item);
    EXPECT_TRUE(encoder.append(state, item));
    expect_near({state.output().begin(), state.output().end()}, encoder.encode(session));
  }
}

TEST_F(TransformerPruning, WhatIsNotThereCannotBeTakenOut) {
  EXPECT_THROW(without(weights_, {3, {}}), std::invalid_argument);
  EXPECT_THROW(without(weights_, {0, std::size_t{3}}), std::invalid_argument);
  EXPECT_THROW(without(without(without(weights_, {0, {}}), {0, {}}), {0, {}}), std::invalid_argument);
}

TEST_F(TransformerPruning, TakesTheCheapestPartFirstAndStopsAtTheTolerance) {
  // Every head is worth .01 to the measure but those of block 1, which are worth .001; blocks are worth .3
  // besides.
  const auto measure = [](const TransformerWeights& weights) {
    const TransformerConfig& config = weights.config();
    double value = 0.3 * static_cast<double>(config.layers);
    for (std::size_t b = 0; b < config.layers; ++b)
      value += (b == 1 ? 0.001 : 0.01) * static_cast<double>(config.heads_of(b));
    return value;
  };
  const double all = measure(weights_);
  const Pruning pruning = find_pruning(weights_, 0.0025 / all, measure);  // two heads' worth
  ASSERT_EQ(pruning.steps.size(), 2u);
  for (const PruningStep& step : pruning.steps) EXPECT_EQ(step.block, 1u);
  EXPECT_DOUBLE_EQ(pruning.before, all);
  EXPECT_NEAR(pruning.after, all - 0.002, 1e-12);
  EXPECT_TRUE(find_pruning(weights_, 0, measure).steps.empty());
}

TEST_F(TransformerPruning, KeepsOneBlockWhenNothingCounts) {
  const Pruning pruning = find_pruning(weights_, 0.1, [](const TransformerWeights&) { return 1.0; });
  TransformerWeights left = weights_;
  for (const PruningStep& step : pruning.steps) left = without(left, step);
  EXPECT_EQ(left.config().layers, 1u);
  EXPECT_EQ(left.config().heads_of(0), 0u);
  EXPECT_FALSE(pruning.steps.front().head);  // the larger part first
}

}  // namespace
}  // namespace segue::index
