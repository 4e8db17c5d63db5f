#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "index/model/transformer_trainer.h"
#include "kernels/error.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

namespace fs = std::filesystem;

/// Counts the looks for an interruption, one before each step, and does what a test wants at one of them.
class AtCheck final : public Progress {
 public:
  enum class Do { kNothing, kInterrupt, kKill };

  explicit AtCheck(Do action = Do::kNothing, std::size_t number = 0) : action_(action), number_(number) {}

  void check() const override {
    if (++checks != number_) return;
    if (action_ == Do::kInterrupt) throw Error(ErrorKind::kInterrupted, "interrupted");
    if (action_ == Do::kKill) ::kill(::getpid(), SIGKILL);
  }
  void message(std::string_view text) override { messages += std::string(text) + "\n"; }
  bool said(std::string_view words) const { return messages.find(words) != std::string::npos; }

  mutable std::size_t checks = 0;
  std::string messages;

 private:
  Do action_;
  std::size_t number_;
};

class TransformerCheckpointTest : public testing::Test {
 protected:
  TransformerCheckpointTest() {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("checkpoint-") + testing::UnitTest::GetInstance()->current_test_info()->name() +
               std::to_string(::getpid()));
    fs::remove_all(folder_);
    RandomStream random(3);
    for (std::size_t s = 0; s < 60; ++s) {
      std::vector<ItemId> items(8);
      for (ItemId& item : items) item = static_cast<ItemId>(random.below(200));
      append_sequence(data_, items);
      held_out_.push_back({{items.begin(), items.begin() + 4}, static_cast<ItemId>(random.below(200))});
    }
    options_.width = 16;
    options_.feed_forward = 16;
    options_.window = 10;
    options_.epochs = 3;
    options_.batch_sequences = 16;
    options_.negatives = 64;
    options_.shard_positions = 64;
  }
  ~TransformerCheckpointTest() override { fs::remove_all(folder_); }

  /// Every step writes a checkpoint.
  TransformerTraining training() const {
    return {.data = data_,
            .options = options_,
            .validation = held_out_,
            .checkpoint = folder_ / "t.safetensors",
            .checkpoint_seconds = 0};
  }
  TransformerTraining without_checkpoint() const {
    TransformerTraining plain = training();
    plain.checkpoint.clear();
    return plain;
  }
  static TrainedTransformer train(const TransformerTraining& training, Progress& progress) {
    const auto backend = kernels::make_backend(kernels::Device::kCpu);
    kernels::ThreadPool pool(2);
    return train_transformer(training, *backend, pool, progress);
  }
  static TrainedTransformer train(const TransformerTraining& training) {
    Progress silent;
    return train(training, silent);
  }
  /// Trains in a process of its own that is killed at a look for an interruption. Whether it was.
  bool train_and_die(std::size_t check) const {
    const pid_t child = ::fork();
    if (child == 0) {
      AtCheck killer(AtCheck::Do::kKill, check);
      train(training(), killer);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }
  static void expect_same(const TrainedTransformer& a, const TrainedTransformer& b) {
    EXPECT_TRUE(std::ranges::equal(a.weights.flat_body(), b.weights.flat_body()));
    const kernels::ConstMatrix x = a.weights.items();
    const kernels::ConstMatrix y = b.weights.items();
    EXPECT_TRUE(std::equal(x.data, x.data + x.rows * x.cols, y.data, y.data + y.rows * y.cols));
    EXPECT_EQ(a.epochs, b.epochs);
    ASSERT_EQ(a.curve.size(), b.curve.size());
    for (std::size_t i = 0; i < a.curve.size(); ++i) {
      LearningPoint point = b.curve[i];
      point.seconds = a.curve[i].seconds;
      EXPECT_EQ(a.curve[i], point) << "epoch " << i + 1;
    }
  }

  fs::path folder_;
  TrainingData data_;
  std::vector<HeldOut> held_out_;
  TransformerOptions options_;
};

TEST_F(TransformerCheckpointTest, KilledAnywhereItGoesOnToTheSameBytes) {
  const TrainedTransformer whole = train(without_checkpoint());
  // The start's looks, and 4 steps in each of 3 epochs: within an epoch, at its first step, at the last of
  // all.
  std::size_t resumed = 0;
  for (std::size_t check = 1; train_and_die(check); check += 3) {
    AtCheck watcher;
    const TrainedTransformer rest = train(training(), watcher);
    resumed += watcher.said("goes on from");
    expect_same(whole, rest);
    fs::remove_all(folder_);
  }
  EXPECT_GE(resumed, 3u);
}

TEST_F(TransformerCheckpointTest, KilledAgainAndAgainItStillEndsAtTheSameBytes) {
  const TrainedTransformer whole = train(without_checkpoint());
  // A run that reads a checkpoint skips the start's looks: each gets two steps further.
  std::size_t deaths = 0;
  for (AtCheck start; deaths == 0; ++deaths) {
    train(without_checkpoint(), start);
    ASSERT_TRUE(train_and_die(start.checks - 10));
  }
  while (train_and_die(3)) ASSERT_LT(++deaths, 20u);
  EXPECT_GE(deaths, 4u);
  expect_same(whole, train(training()));
}

TEST_F(TransformerCheckpointTest, AnInterruptedRunLeavesOneAlthoughNoTimeHadPassed) {
  const TrainedTransformer whole = train(without_checkpoint());
  TransformerTraining rarely = training();
  rarely.checkpoint_seconds = 1e9;
  AtCheck counter;
  train(without_checkpoint(), counter);
  AtCheck interrupted(AtCheck::Do::kInterrupt, counter.checks - 3);
  EXPECT_THROW(train(rarely, interrupted), Error);
  EXPECT_TRUE(interrupted.said("the same command goes on"));
  AtCheck watcher;
  expect_same(whole, train(rarely, watcher));
  EXPECT_EQ(watcher.checks, 4u) << "it did not go on from the step that was interrupted";
}

TEST_F(TransformerCheckpointTest, AFinishedTrainingIsReadAndNotRepeated) {
  const TrainedTransformer whole = train(training());
  AtCheck watcher;
  const TrainedTransformer again = train(training(), watcher);
  EXPECT_EQ(watcher.checks, 0u);
  expect_same(whole, again);
}

TEST_F(TransformerCheckpointTest, OfOtherDataOptionsOrSeedItIsLeftAside) {
  const auto begins_anew = [&](const TransformerTraining& other) {
    train(training());
    AtCheck watcher;
    const TrainedTransformer trained = train(other, watcher);
    TransformerTraining plain = other;
    plain.checkpoint.clear();
    expect_same(train(plain), trained);
    return watcher.said("begins anew");
  };
  TransformerTraining seed = training();
  seed.options.seed = 2;
  EXPECT_TRUE(begins_anew(seed));
  TransformerTraining rate = training();
  rate.options.rate = 4.1e-3f;
  EXPECT_TRUE(begins_anew(rate));
  TrainingData changed = data_;
  std::swap(changed.items[0], changed.items[1]);
  EXPECT_TRUE(begins_anew(
      {.data = changed, .options = options_, .validation = held_out_, .checkpoint = training().checkpoint}));
  TransformerTraining unmeasured = training();
  unmeasured.validation = {};
  EXPECT_TRUE(begins_anew(unmeasured));
}

TEST_F(TransformerCheckpointTest, ADamagedOneIsNotTrained) {
  const TrainedTransformer whole = train(training());
  const fs::path file = training().checkpoint;
  const auto begins_anew = [&](auto damage) {
    train(training());
    damage();
    AtCheck watcher;
    expect_same(whole, train(training(), watcher));
    return watcher.said("damaged");
  };
  EXPECT_TRUE(begins_anew([&] { fs::resize_file(file, fs::file_size(file) / 2); }));
  EXPECT_TRUE(begins_anew([&] { std::ofstream(file) << "nothing of the kind"; }));
  EXPECT_TRUE(begins_anew([&] {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(-5, std::ios::end);  // in a moment
    const auto place = bytes.tellg();
    const int value = bytes.get();
    bytes.seekp(place);
    bytes.put(static_cast<char>(value ^ 1));
  }));
}

TEST_F(TransformerCheckpointTest, WhatAKilledWriterLeftBesideItIsNoMatter) {
  const TrainedTransformer whole = train(without_checkpoint());
  fs::create_directories(folder_);
  std::ofstream(folder_ / "t.safetensors.new") << "half of a checkp";
  expect_same(whole, train(training()));
}

TEST_F(TransformerCheckpointTest, AFolderThatCannotBeMadeIsAnErrorThatNamesIt) {
  std::ofstream(folder_) << "a file";
  try {
    train(training());
    FAIL() << "it trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_EQ(error.where(), folder_.string());
  }
}

}  // namespace
}  // namespace segue::index
