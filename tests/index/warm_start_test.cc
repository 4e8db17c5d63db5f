#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "index/catalogue.h"
#include "index/model/random_stream.h"
#include "index/model/transformer_start.h"
#include "index/model/transformer_trainer.h"
#include "kernels/backend.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

TransformerOptions tiny_options() {
  TransformerOptions options;
  options.width = 8;
  options.layers = 1;
  options.feed_forward = 12;
  options.window = 6;
  options.epochs = 1;
  options.dropout = 0;
  options.negatives = 4;
  return options;
}

class WarmStart : public testing::Test {
 protected:
  WarmStart() : warm_(random_weights(tiny_options().config(), 4, 3)) {}  // of items 1, 3, 5, 7

  TransformerWeights start(const TrainingData& data) {
    return untrained_weights(TrainingWindows(data), {options_, *backend_, pool_, progress_},
                             {.warm = &warm_});
  }

  TransformerWeights warm_;
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{1};
  Progress progress_;
  TransformerOptions options_ = tiny_options();
};

TEST_F(WarmStart, KeepsBodyAndKnownRowsBitForBit) {
  TrainingData data;
  append_sequence(data, {7, 1, 3});
  const TransformerWeights weights = start(data);
  EXPECT_TRUE(std::ranges::equal(weights.flat_body(), warm_.flat_body()));
  ASSERT_EQ(weights.vocabulary().size(), 3u);
  for (const ItemId item : weights.vocabulary()) {
    EXPECT_TRUE(std::ranges::equal(std::as_const(weights).items().row_span(weights.row(item)),
                                   std::as_const(warm_).items().row_span(warm_.row(item))));
  }
}

TEST_F(WarmStart, PutsNewItemsWhereTheirNeighboursAre) {
  TrainingData data;
  append_sequence(data, {1, 2, 4, 3});  // 2 and 4 are new
  append_sequence(data, {6, 8});        // with new neighbours alone
  const TransformerWeights weights = start(data);
  const kernels::ConstMatrix table = std::as_const(weights).items();
  const kernels::ConstMatrix warm = std::as_const(warm_).items();
  const double half = 1 / std::sqrt(2.0);
  for (std::size_t c = 0; c < 8; ++c) {
    const double one = static_cast<double>(warm(warm_.row(1), c));
    const double three = static_cast<double>(warm(warm_.row(3), c));
    EXPECT_NEAR(static_cast<double>(table(weights.row(2), c)), (one + half * three) / (1 + half), 1e-6);
    EXPECT_NEAR(static_cast<double>(table(weights.row(4), c)), (half * one + three) / (1 + half), 1e-6);
    EXPECT_NEAR(static_cast<double>(table(weights.row(6), c)), (one + three) / 2, 1e-6);
  }
}

TEST_F(WarmStart, IsWhereTheTrainingBegins) {
  TrainingData data;
  append_sequence(data, {7, 1, 3});
  TransformerOptions options = tiny_options();
  options.rate = 1e-7f;
  const TrainedTransformer trained = train_transformer(
      {.data = data, .options = options, .sources = {.warm = &warm_}}, *backend_, pool_, progress_);
  for (std::size_t i = 0; i < warm_.flat_body().size(); ++i)
    EXPECT_NEAR(trained.weights.flat_body()[i], warm_.flat_body()[i], 1e-5);
}

/// Items 0, 1, ... with vectors of 20 dimensions near two directions, by parity; item 4 has none.
Catalogue catalogue_of_two_kinds() {
  RandomStream random(7);
  std::vector<Item> items(8);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].id = std::string(1, static_cast<char>('a' + i));
    if (i == 4) continue;
    items[i].vector.resize(20);
    for (float& x : items[i].vector) x = 0.1f * random.normal();
    items[i].vector[i % 2] += 3;
  }
  return Catalogue(std::move(items));
}

TEST_F(WarmStart, VectorsOfAnyDimensionKeepTheirAnglesInTheTable) {
  const Catalogue catalogue = catalogue_of_two_kinds();
  const ContentVectors vectors = ContentVectors::of(catalogue);
  TrainingData data;
  append_sequence(data, {0, 1, 2, 3, 5, 6, 7});
  append_sequence(data, {6, 4});
  const TransformerWeights weights = untrained_weights(
      TrainingWindows(data), {options_, *backend_, pool_, progress_}, {.vectors = &vectors});
  const auto cosine = [&](ItemId a, ItemId b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t c = 0; c < 8; ++c) {
      const double x = static_cast<double>(weights.items()(weights.row(a), c));
      const double y = static_cast<double>(weights.items()(weights.row(b), c));
      ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
  };
  for (const ItemId a : {0u, 1u, 2u, 3u, 5u, 6u, 7u}) {
    for (const ItemId b : {0u, 1u, 2u, 3u, 5u, 6u, 7u}) {
      double given = 0, aa = 0, bb = 0;
      for (std::size_t c = 0; c < 20; ++c) {
        const double x = static_cast<double>(catalogue.item(a).vector[c]);
        const double y = static_cast<double>(catalogue.item(b).vector[c]);
        given += x * y, aa += x * x, bb += y * y;
      }
      EXPECT_NEAR(cosine(a, b), given / std::sqrt(aa * bb), 1e-4);  // seven vectors have seven directions
    }
  }
  EXPECT_NEAR(cosine(4, 6), 1, 1e-5);  // its only neighbour
}

TEST_F(WarmStart, OfAnotherShapeIsAMistakeOfTheCaller) {
  TrainingData data;
  append_sequence(data, {7, 1, 3});
  TransformerOptions options = tiny_options();
  options.window = 7;
  EXPECT_THROW(
      untrained_weights(TrainingWindows(data), {options, *backend_, pool_, progress_}, {.warm = &warm_}),
      std::invalid_argument);
}

TEST(TransformerWeights, TakeOverRowsThatTheyLack) {
  const TransformerConfig config = tiny_options().config();
  TransformerWeights some(config, {1, 4});
  some.items()(1, 2) = 5;
  TransformerWeights other(config, {0, 4, 9});
  other.items()(0, 0) = 6;
  other.items()(1, 2) = 7;
  some.add_rows_of(other);
  EXPECT_TRUE(std::ranges::equal(some.vocabulary(), std::vector<ItemId>{0, 1, 4, 9}));
  EXPECT_EQ(some.items()(0, 0), 6);
  EXPECT_EQ(some.items()(2, 2), 5);
}

}  // namespace
}  // namespace segue::index
