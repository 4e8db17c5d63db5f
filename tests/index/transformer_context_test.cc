#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "index/model/session_encoder.h"
#include "index/model/training_windows.h"
#include "index/model/transformer_gradients.h"
#include "index/model/transformer_trainer.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 30;
constexpr TransformerConfig kConfig{
    .width = 24, .layers = 2, .heads = 3, .feed_forward = 32, .window = 8, .contexts = 5};

/// A session of random items, each with a set of context values, longer than the window.
struct ContextSession {
  ContextSession() {
    const std::vector<std::vector<ContextId>> kinds = {{0, 3}, {1}, {}, {2, 3, 4}};
    for (const auto& values : kinds) sets.add(values);
    RandomStream random(4);
    for (std::size_t i = 0; i < kConfig.window + 4; ++i) {
      items.push_back(static_cast<ItemId>(random.below(2 * kItems)));  // half of them unknown
      contexts.push_back(i % 5 == 4 ? ContextSets::kNone : static_cast<std::uint32_t>(random.below(4)));
    }
  }
  SessionView first(std::size_t n, std::uint32_t request) const {
    const std::span<const ItemId> all(items);
    SessionView view(all.first(n));
    view.contexts = std::span(contexts).first(n);
    view.sets = &sets;
    view.request = request;
    return view;
  }
  ContextSets sets{kConfig.contexts};
  std::vector<ItemId> items;
  std::vector<std::uint32_t> contexts;
};

float distance(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

class TransformerContextTest : public testing::Test {
 protected:
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  TransformerWeights weights_ = random_weights(kConfig, kItems, 7);
  SessionEncoder encoder_{weights_, *backend_};
  ContextSession session_;
};

TEST_F(TransformerContextTest, StepByStepEqualsTheFullPassForEveryRequest) {
  SessionState state = encoder_.start();
  for (std::size_t t = 0; t < session_.items.size(); ++t) {
    encoder_.append(state, session_.items[t], session_.sets[session_.contexts[t]]);
    for (const std::uint32_t request : {0u, 3u, ContextSets::kNone}) {
      const std::vector<float> full = encoder_.encode(session_.first(t + 1, request));
      EXPECT_LT(distance(encoder_.output(state, session_.sets[request]), full), 1e-5f) << "at event " << t;
    }
  }
}

TEST_F(TransformerContextTest, BothTheEventsAndTheRequestMatter) {
  const std::vector<float> hidden = encoder_.encode(session_.first(6, 0));
  EXPECT_GT(distance(encoder_.encode(session_.first(6, 1)), hidden), 1e-3f);
  std::swap(session_.contexts[0], session_.contexts[1]);
  ASSERT_NE(session_.contexts[0], session_.contexts[1]);
  session_.items[0] = session_.items[1] = 1;
  const std::vector<float> swapped = encoder_.encode(session_.first(6, 0));
  std::swap(session_.contexts[0], session_.contexts[1]);
  EXPECT_GT(distance(encoder_.encode(session_.first(6, 0)), swapped), 1e-3f);
}

TEST_F(TransformerContextTest, AnEmptySetIsTheSameAsNone) {
  const std::vector<float> none = encoder_.encode(session_.first(6, ContextSets::kNone));
  EXPECT_EQ(encoder_.encode(session_.first(6, 2)), none);
}

TEST_F(TransformerContextTest, WeightsWithoutContextIgnoreIt) {
  TransformerConfig plain = kConfig;
  plain.contexts = 0;
  const TransformerWeights weights = random_weights(plain, kItems, 7);
  const SessionEncoder encoder(weights, *backend_);
  EXPECT_EQ(encoder.encode(session_.first(7, 3)), encoder.encode(std::span(session_.items).first(7)));
}

TEST_F(TransformerContextTest, TablesOfZerosChangeNothing) {
  TransformerConfig plain = kConfig;
  plain.contexts = 0;
  const TransformerWeights without = random_weights(plain, kItems, 7);
  TransformerWeights with = random_weights(kConfig, kItems, 7);
  const auto table = without.items();
  std::copy_n(table.data, table.rows * table.cols, with.items().data);
  for (float& x : with.flat_body()) x = 0;
  std::copy(without.flat_body().begin(), without.flat_body().end(), with.flat_body().begin());
  EXPECT_EQ(SessionEncoder(with, *backend_).encode(session_.first(7, 3)),
            SessionEncoder(without, *backend_).encode(std::span(session_.items).first(7)));
}

TEST_F(TransformerContextTest, GradientsOfBothTablesAgreeWithFiniteDifferences) {
  constexpr TransformerConfig kTiny{.width = 8,
                                    .layers = 2,
                                    .heads = 2,
                                    .feed_forward = 12,
                                    .window = 6,
                                    .temperature = 0.5f,
                                    .contexts = 4};
  TransformerWeights weights = random_weights(kTiny, 14, 3);
  kernels::ThreadPool pool(2);
  TransformerGradients gradients(kTiny, 14, *backend_, pool, 6);
  ContextSets sets(4);
  const std::vector<std::vector<ContextId>> kinds = {{0, 2}, {1}, {1, 3}};
  for (const auto& values : kinds) sets.add(values);
  TrainingBatch batch;
  batch.inputs = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  batch.targets = {1, 4, 1, 5, 8, 2, 6, 5, 3, 0};
  batch.offsets = {0, 5, 6, 10};
  batch.input_contexts = {0, 0, 1, ContextSets::kNone, 2, 1, 0, 2, ContextSets::kNone, 1};
  batch.target_contexts = {0, 1, ContextSets::kNone, 2, 1, 1, 2, 0, 0, 2};
  batch.sets = &sets;
  const Negatives negatives{.rows = {0, 4, 7, 8, 11}, .log_expected = {-0.5f, 0.25f, -1.0f, 0.0f, 0.75f}};
  for (const float dropout : {0.0f, 0.3f}) {
    const auto loss = [&] { return gradients.compute(weights, batch, negatives, {dropout, 42}); };
    loss();
    const std::vector<float> gradient(gradients.body().begin(), gradients.body().end());
    std::size_t checked = 0;
    for (const TransformerTensor& tensor : transformer_tensors(kTiny)) {
      if (!tensor.name.starts_with("context_")) continue;
      double largest = 0;
      for (std::size_t place = tensor.offset; place < tensor.offset + tensor.size; ++place, ++checked) {
        constexpr float kStep = 4e-3f;
        float& parameter = weights.flat_body()[place];
        const float before = parameter;
        parameter = before + kStep;
        const double up = loss();
        parameter = before - kStep;
        const double down = loss();
        parameter = before;
        const double slope = (up - down) / (2 * static_cast<double>(kStep));
        largest = std::max(largest, std::abs(slope));
        ASSERT_NEAR(static_cast<double>(gradient[place]), slope, 2e-4 + 1e-2 * std::abs(slope))
            << tensor.name << " at " << place - tensor.offset;
      }
      EXPECT_GT(largest, 2e-3) << tensor.name;
    }
    EXPECT_EQ(checked, 2u * 4 * 8);
  }
}

TEST_F(TransformerContextTest, ABatchWithMoreValuesThanTheModelIsRefused) {
  TransformerConfig plain = kConfig;
  plain.contexts = 1;
  kernels::ThreadPool pool(1);
  TransformerGradients gradients(plain, kItems, *backend_, pool);
  ContextSets sets(2);
  const ContextId value[] = {0};
  TrainingBatch batch;
  batch.inputs = {1};
  batch.targets = {2};
  batch.offsets = {0, 1};
  batch.input_contexts = batch.target_contexts = {sets.add(value)};
  batch.sets = &sets;
  EXPECT_THROW(gradients.compute(random_weights(plain, kItems, 1), batch, {{3}, {0.0f}}, {}),
               std::invalid_argument);
}

/// Sequences of which the next item depends on the context of the moment alone: in context c, item c * 5 + a
/// random one of five.
TrainingData contextual_data(std::size_t sequences, std::size_t contexts, std::uint64_t seed) {
  TrainingData data;
  auto sets = std::make_shared<ContextSets>(contexts);
  for (ContextId c = 0; c < contexts; ++c) sets->add({&c, 1});
  RandomStream random(seed);
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> items;
    for (std::size_t i = 0; i < 6; ++i) {
      const auto context = static_cast<std::uint32_t>(random.below(contexts));
      data.contexts.push_back(context);
      items.push_back(static_cast<ItemId>(context * 5 + random.below(5)));
    }
    append_sequence(data, items);
  }
  data.sets = std::move(sets);
  return data;
}

TransformerOptions small_options() {
  TransformerOptions options;
  options.width = 32;
  options.feed_forward = 32;
  options.window = 10;
  options.epochs = 12;
  options.dropout = 0.1f;
  options.batch_sequences = 16;
  options.negatives = 64;
  return options;
}

/// Share of positions whose target is among the 5 best.
double hit_rate(const TransformerWeights& weights, const TrainingData& data, bool with_context) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const SessionEncoder encoder(weights, *backend);
  MatrixBuffer unit;
  const auto table = weights.items();
  backend->normalize_rows(table, 1, unit.reshape(table.rows, table.cols), {});
  std::size_t hits = 0;
  std::size_t all = 0;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto items = data.sequence(s);
    SessionView view(items.first(items.size() - 1));
    if (with_context) {
      view.sets = data.sets.get();
      view.contexts = std::span(data.contexts).subspan(data.offsets[s], items.size() - 1);
      view.request = data.contexts[data.offsets[s + 1] - 1];
    }
    const std::vector<float> hidden = encoder.encode(view);
    std::vector<float> scores(table.rows);
    backend->matvec(unit.view(), hidden, scores);
    const float target = scores[weights.row(items.back())];
    std::size_t above = 0;
    for (const float score : scores) above += score > target;
    hits += above < 5;
    ++all;
  }
  return static_cast<double>(hits) / static_cast<double>(all);
}

TEST(TransformerContext, WhereContextDecidesTheModelThatKnowsItWins) {
  const TrainingData train = contextual_data(400, 6, 1);
  const TrainingData test = contextual_data(200, 6, 2);
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  Progress silent;
  const TransformerWeights with = train_transformer(train, small_options(), *backend, pool, silent);
  TrainingData blind = train;
  blind.contexts.clear();
  blind.sets = nullptr;
  const TransformerWeights without = train_transformer(blind, small_options(), *backend, pool, silent);
  EXPECT_GT(hit_rate(with, test, true), 0.9);
  EXPECT_LT(hit_rate(without, test, true), 0.3) << "5 of 30 items are drawn at random";
  EXPECT_LT(hit_rate(with, test, false), 0.3) << "nobody has told it the context";
}

TEST(TransformerContext, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  const TrainingData data = contextual_data(60, 4, 3);
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  Progress silent;
  TransformerOptions options = small_options();
  options.epochs = 2;
  options.shard_positions = 16;
  std::vector<std::vector<float>> bodies;
  for (const std::size_t threads : {1, 2, 3}) {
    kernels::ThreadPool pool(threads);
    const TransformerWeights weights = train_transformer(data, options, *backend, pool, silent);
    bodies.emplace_back(weights.flat_body().begin(), weights.flat_body().end());
  }
  EXPECT_EQ(bodies[0], bodies[1]);
  EXPECT_EQ(bodies[0], bodies[2]);
}

TEST(TrainingWindows, DealsEachEventItsContextAndEachTargetItsOwn) {
  const TrainingData data = contextual_data(30, 4, 9);
  TrainingWindows windows(data);
  ASSERT_EQ(windows.contexts(), 4u);
  TrainingBatch batch;
  windows.start_epoch({.window = 3}, 1, 0);
  std::size_t positions = 0;
  while (windows.next(batch)) {
    ASSERT_EQ(batch.input_contexts.size(), batch.positions());
    ASSERT_EQ(batch.target_contexts.size(), batch.positions());
    for (std::size_t t = 0; t < batch.positions(); ++t, ++positions) {
      // The context of an item tells itself: item / 5.
      EXPECT_EQ(batch.input_contexts[t], windows.vocabulary()[batch.inputs[t]] / 5);
      EXPECT_EQ(batch.target_contexts[t], windows.vocabulary()[batch.targets[t]] / 5);
    }
  }
  EXPECT_EQ(positions, windows.positions());
}

TEST(TrainingWindows, LeavesOutTheShareOfContextsThatItIsTold) {
  const TrainingData data = contextual_data(2000, 4, 9);
  TrainingWindows windows(data);
  TrainingBatch batch;
  std::vector<std::vector<std::uint32_t>> epochs;
  for (const std::size_t epoch : {0, 0, 1}) {
    windows.start_epoch({.context_dropout = 0.25f}, 1, epoch);
    auto& dealt = epochs.emplace_back();
    while (windows.next(batch)) {
      dealt.insert(dealt.end(), batch.input_contexts.begin(), batch.input_contexts.end());
      dealt.insert(dealt.end(), batch.target_contexts.begin(), batch.target_contexts.end());
    }
  }
  EXPECT_EQ(epochs[0], epochs[1]);
  EXPECT_NE(epochs[0], epochs[2]);
  const auto left_out = std::count(epochs[0].begin(), epochs[0].end(), ContextSets::kNone);
  EXPECT_NEAR(static_cast<double>(left_out) / static_cast<double>(epochs[0].size()), 0.25, 0.01);
}

}  // namespace
}  // namespace segue::index
