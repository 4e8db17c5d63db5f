#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "index/model/session_encoder.h"
#include "index/model/training_windows.h"
#include "index/model/transformer_trainer.h"
#include "kernels/backend.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

TransformerOptions small_options() {
  TransformerOptions options;
  options.width = 32;
  options.heads = 2;
  options.feed_forward = 32;
  options.window = 10;
  options.epochs = 30;
  options.dropout = 0.1f;
  options.batch_sequences = 16;
  options.negatives = 64;
  options.shard_positions = 64;
  return options;
}

TransformerWeights train(const TrainingData& data, const TransformerOptions& options,
                         std::size_t threads = 2) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(threads);
  Progress silent;
  return train_transformer(data, options, *backend, pool, silent);
}

/// Items by falling score for a session, its own items included.
std::vector<ItemId> ranking(const TransformerWeights& weights, const std::vector<ItemId>& session) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const std::vector<float> hidden = SessionEncoder(weights, *backend).encode(session);
  MatrixBuffer unit;
  const kernels::ConstMatrix table = weights.items();
  backend->normalize_rows(table, 1, unit.reshape(table.rows, table.cols), {});
  std::vector<float> scores(table.rows);
  backend->matvec(unit.view(), hidden, scores);
  std::vector<ItemId> items(weights.vocabulary().begin(), weights.vocabulary().end());
  std::stable_sort(items.begin(), items.end(),
                   [&](ItemId a, ItemId b) { return scores[weights.row(a)] > scores[weights.row(b)]; });
  return items;
}

/// Sequences over `items` items, each a random permutation's stretch.
TrainingData random_data(std::size_t sequences, std::size_t items, std::size_t length, std::uint64_t seed) {
  TrainingData data;
  RandomStream random(seed);
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> sequence(length);
    for (ItemId& item : sequence) item = static_cast<ItemId>(random.below(items));
    append_sequence(data, sequence);
  }
  return data;
}

/// A planted law of order: after the pair (a, b) comes n + (a + 2b + 1) mod n, and every pair occurs in both
/// orders equally often. Which items a session holds leaves two candidates; only their order tells which.
TrainingData ordered_data(std::size_t n) {
  TrainingData data;
  for (std::size_t repeat = 0; repeat < 6; ++repeat) {
    for (ItemId a = 0; a < n; ++a) {
      for (ItemId b = 0; b < n; ++b) {
        if (a != b) append_sequence(data, {a, b, static_cast<ItemId>(n + (a + 2 * b + 1) % n)});
      }
    }
  }
  return data;
}

TEST(TransformerTrainer, LearnsASmallSetByHeart) {
  const TrainingData data = random_data(20, 60, 6, 5);
  TransformerOptions options = small_options();
  options.dropout = 0;
  options.epochs = 120;
  const TransformerWeights weights = train(data, options);
  std::size_t right = 0;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto sequence = data.sequence(s);
    right += ranking(weights, {sequence.begin(), sequence.end() - 1}).front() == sequence.back();
  }
  EXPECT_EQ(right, data.sequences());
}

TEST(TransformerTrainer, LearnsAnOrderThatTheSetOfItemsDoesNotShow) {
  constexpr std::size_t kN = 8;
  TransformerOptions options = small_options();
  options.dropout = 0;
  options.epochs = 60;
  const TransformerWeights weights = train(ordered_data(kN), options);
  std::size_t right = 0;
  std::size_t pairs = 0;
  for (ItemId a = 0; a < kN; ++a) {
    for (ItemId b = 0; b < kN; ++b) {
      if (a == b) continue;
      ++pairs;
      right += ranking(weights, {a, b}).front() == kN + (a + 2 * b + 1) % kN;
    }
  }
  // Whoever ignores order must answer (a, b) and (b, a) alike, and is right in at most one of the two: a
  // half, since a + 2b = b + 2a only for a = b.
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(pairs), 0.9);
}

TEST(TransformerTrainer, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  const TrainingData data = random_data(60, 300, 8, 3);
  TransformerOptions options = small_options();
  options.epochs = 3;
  const TransformerWeights one = train(data, options, 1);
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    const TransformerWeights other = train(data, options, threads);
    EXPECT_TRUE(std::ranges::equal(one.flat_body(), other.flat_body())) << threads;
    EXPECT_TRUE(std::equal(one.items().data, one.items().data + one.items().rows * one.items().cols,
                           other.items().data))
        << threads;
  }
  options.seed = 2;
  EXPECT_FALSE(std::ranges::equal(one.flat_body(), train(data, options, 1).flat_body()));
}

TEST(TransformerTrainer, TheVocabularyIsTheItemsOfSequencesOfTwoOrMore) {
  TrainingData data;
  append_sequence(data, {70});
  append_sequence(data, {9, 4, 9});
  append_sequence(data, {});
  append_sequence(data, {30, 4});
  TransformerOptions options = small_options();
  options.epochs = 1;
  const TransformerWeights weights = train(data, options);
  EXPECT_EQ(std::vector<ItemId>(weights.vocabulary().begin(), weights.vocabulary().end()),
            (std::vector<ItemId>{4, 9, 30}));
}

TEST(TransformerTrainer, OneItemRepeatedGivesAModelOfOneItem) {
  TrainingData data;
  append_sequence(data, {1, 1, 1});
  const TransformerWeights weights = train(data, small_options());
  EXPECT_EQ(ranking(weights, {1}), std::vector<ItemId>{1});
  for (const float x : weights.flat_body()) ASSERT_TRUE(std::isfinite(x));
  for (const float x : weights.items().row_span(0)) ASSERT_TRUE(std::isfinite(x));
}

ErrorKind kind_of_failure(const TrainingData& data, const TransformerOptions& options) {
  try {
    train(data, options);
  } catch (const Error& error) {
    return error.kind();
  }
  return {};
}

TEST(TransformerTrainer, WithoutASequenceOfTwoItemsSaysSo) {
  TrainingData data;
  EXPECT_EQ(kind_of_failure(data, small_options()), ErrorKind::kBadInput);
  append_sequence(data, {1});
  append_sequence(data, {2});
  EXPECT_EQ(kind_of_failure(data, small_options()), ErrorKind::kBadInput);
}

TEST(TransformerTrainer, RefusesOptionsThatDoNotFit) {
  const TrainingData data = random_data(4, 8, 4, 1);
  const auto refused = [&](auto change) {
    TransformerOptions options = small_options();
    change(options);
    return kind_of_failure(data, options) == ErrorKind::kUsage;
  };
  EXPECT_TRUE(refused([](auto& o) { o.heads = 3; }));
  EXPECT_TRUE(refused([](auto& o) { o.width = 0; }));
  EXPECT_TRUE(refused([](auto& o) { o.epochs = 0; }));
  EXPECT_TRUE(refused([](auto& o) { o.dropout = 1; }));
  EXPECT_TRUE(refused([](auto& o) { o.rate = std::numeric_limits<float>::quiet_NaN(); }));
  EXPECT_TRUE(refused([](auto& o) { o.negatives = 0; }));
  EXPECT_TRUE(refused([](auto& o) { o.temperature = 0; }));
}

TEST(TransformerTrainer, ALossThatIsNotFiniteIsAnErrorAndNotAModel) {
  TransformerOptions options = small_options();
  options.rate = 1e30f;
  EXPECT_EQ(kind_of_failure(random_data(20, 60, 6, 5), options), ErrorKind::kBadInput);
}

class Watcher final : public Progress {
 public:
  void update(double done, double total, std::string_view note) override {
    shares.push_back(done / total);
    last_note = note;
  }
  void check() const override {
    if (++checks == stop_at) throw Error(ErrorKind::kInterrupted, "stopped");
  }
  std::vector<double> shares;
  std::string last_note;
  mutable std::size_t checks = 0;
  std::size_t stop_at = 0;
};

TEST(TransformerTrainer, TellsHowFarItIsAndStopsWhenAsked) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(1);
  const TrainingData data = random_data(60, 100, 8, 3);
  TransformerOptions options = small_options();
  options.epochs = 2;
  Watcher watcher;
  train_transformer(data, options, *backend, pool, watcher);
  EXPECT_TRUE(std::ranges::is_sorted(watcher.shares));
  EXPECT_EQ(watcher.shares.front(), 0);
  EXPECT_EQ(watcher.shares.back(), 1);
  EXPECT_GE(watcher.checks, watcher.shares.size() - 1);
  EXPECT_EQ(watcher.last_note.substr(0, 5), "loss ");

  Watcher impatient;
  impatient.stop_at = watcher.checks - 2;
  EXPECT_THROW(train_transformer(data, options, *backend, pool, impatient), Error);
  EXPECT_LT(impatient.shares.back(), 1);
}

TEST(TrainingWindows, EveryPositionComesOnceAnEpochInWindowsThatFit) {
  TrainingData data;
  std::vector<ItemId> long_one(37);
  for (std::size_t i = 0; i < long_one.size(); ++i) long_one[i] = static_cast<ItemId>(100 + i);
  append_sequence(data, long_one);
  append_sequence(data, {1, 2, 3});
  append_sequence(data, {7});
  append_sequence(data, {4, 5});
  TrainingWindows windows(data);
  EXPECT_EQ(windows.positions(), 36u + 2 + 1);
  const BatchLimits limits{.window = 10, .sequences = 3, .positions = 12};
  std::vector<std::vector<ItemId>> cuts_of_epochs;
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    windows.start_epoch(limits, 5, epoch);
    const std::size_t promised = windows.steps();
    std::vector<std::pair<ItemId, ItemId>> pairs;
    std::vector<ItemId> cuts;
    TrainingBatch batch;
    std::size_t steps = 0;
    for (; windows.next(batch); ++steps) {
      EXPECT_LE(batch.offsets.size() - 1, limits.sequences);
      EXPECT_LE(batch.positions(), limits.positions);
      for (std::size_t w = 0; w + 1 < batch.offsets.size(); ++w) {
        EXPECT_LE(batch.offsets[w + 1] - batch.offsets[w], limits.window);
        cuts.push_back(windows.vocabulary()[batch.inputs[batch.offsets[w]]]);
      }
      for (std::size_t t = 0; t < batch.positions(); ++t) {
        pairs.emplace_back(windows.vocabulary()[batch.inputs[t]], windows.vocabulary()[batch.targets[t]]);
      }
    }
    EXPECT_EQ(steps, promised);
    std::ranges::sort(pairs);
    std::vector<std::pair<ItemId, ItemId>> expected{{1, 2}, {2, 3}, {4, 5}};
    for (ItemId i = 0; i + 1 < long_one.size(); ++i) expected.emplace_back(long_one[i], long_one[i + 1]);
    EXPECT_EQ(pairs, expected);
    std::ranges::sort(cuts);
    cuts_of_epochs.push_back(cuts);
  }
  std::ranges::sort(cuts_of_epochs);
  EXPECT_NE(cuts_of_epochs.front(), cuts_of_epochs.back()) << "the offset of the long sequence never moves";
}

}  // namespace
}  // namespace segue::index
