#include "index/model/item_neighbours.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/error.h"
#include "tests/index/neighbour_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;
using testing::make_data;

std::unique_ptr<ItemNeighbours> train(const TrainingData& data, const Catalogue& catalogue,
                                      const ItemNeighbourOptions& options = {}) {
  kernels::ThreadPool pool(2);
  Progress progress;
  return ItemNeighbours::train(data, options, catalogue, pool, progress);
}

std::vector<ItemNeighbourOptions> constants() {
  ItemNeighbourOptions plain;
  plain.weight_exponent = 0;
  plain.length_exponent = 0;
  plain.shrink = 0;
  ItemNeighbourOptions odd;
  odd.weight_exponent = 1;
  odd.length_exponent = 0.7;
  odd.asymmetry = 0.2;
  odd.shrink = 3;
  odd.max_items = 4;
  odd.decay = HistoryDecay::kLinear;
  odd.decay_rate = 0.8;
  odd.history = 3;
  return {ItemNeighbourOptions(), plain, odd};
}

/// value(i, j) straight from the definition, in doubles.
double naive_value(const std::vector<testing::NaiveSequence>& sequences, const ItemNeighbourOptions& options,
                   ItemId i, ItemId j) {
  double dot = 0, own = 0, other = 0, common = 0;
  for (const auto& s : sequences) {
    const double length = std::pow(static_cast<double>(s.items.size()), options.length_exponent);
    const auto r = [&](ItemId item) {
      const int place = s.place(item);
      return place < 0
                 ? 0.0
                 : std::pow(s.weights[static_cast<std::size_t>(place)], options.weight_exponent) / length;
    };
    dot += r(i) * r(j);
    own += r(i) * r(i);
    other += r(j) * r(j);
    common += r(i) * r(j) > 0;
  }
  if (i == j || dot == 0) return 0;
  return dot / (std::pow(own, 1 - options.asymmetry) * std::pow(other, options.asymmetry)) * common /
         (common + options.shrink);
}

TEST(ItemNeighbours, HasTheValuesOfItsDefinition) {
  const auto data = testing::random_sequences(20, 50, 21);
  const auto catalogue = make_catalogue(20);
  for (const ItemNeighbourOptions& options : constants()) {
    const auto model = train(data, catalogue, options);
    const auto sequences = testing::naive_sequences(data, options.max_items);
    for (ItemId i = 0; i < 20; ++i) {
      for (ItemId j = 0; j < 20; ++j)
        EXPECT_NEAR(model->pair_score(i, j), naive_value(sequences, options, i, j), 1e-5);
    }
  }
}

TEST(ItemNeighbours, ScoresASessionByItsNewestDistinctItems) {
  const auto data = testing::random_sequences(20, 50, 22);
  const auto catalogue = make_catalogue(20);
  for (const ItemNeighbourOptions& options : constants()) {
    const auto model = train(data, catalogue, options);
    const std::vector<ItemId> session{1, 2, 3, 4, 3, 6, 6};
    const auto newest = testing::naive_newest(session, options.history);
    const auto scores = testing::all_scores(*model->encode(session), 20);
    for (ItemId j = 0; j < 20; ++j) {
      double expected = 0;
      for (std::size_t k = 0; k < newest.size(); ++k) {
        const double n = static_cast<double>(newest.size()), step = static_cast<double>(k);
        const double weight = options.decay == HistoryDecay::kLinear
                                  ? 1 - options.decay_rate * step / n
                                  : std::pow(step + 1, -options.decay_rate);
        expected += weight * model->pair_score(newest[k], j);
      }
      EXPECT_NEAR(scores[j], expected, 1e-12);
    }
  }
}

TEST(ItemNeighbours, IsASymmetricCosineByDefault) {
  const auto catalogue = make_catalogue(20);
  const auto model = train(testing::random_sequences(20, 50, 23), catalogue);
  for (ItemId i = 0; i < 20; ++i) {
    EXPECT_EQ(model->pair_score(i, i), 0);
    for (ItemId j = 0; j < 20; ++j) EXPECT_NEAR(model->pair_score(i, j), model->pair_score(j, i), 1e-7);
  }
}

TEST(ItemNeighbours, CountsTheSequencesInCommon) {
  const auto catalogue = make_catalogue(4);
  const auto model = train(make_data(4, {{0, 1}, {1, 0, 1}, {0, 2, 1}, {2, 0}, {3}}), catalogue);
  const auto nearest = model->neighbours(0, 10);
  ASSERT_EQ(nearest.size(), 2u);
  EXPECT_EQ(nearest[0].item, 1u);
  EXPECT_EQ(nearest[0].common, 3u);
  EXPECT_EQ(nearest[1].item, 2u);
  EXPECT_EQ(nearest[1].common, 2u);
  EXPECT_EQ(model->neighbours(0, 1).size(), 1u);
  EXPECT_TRUE(model->neighbours(3, 10).empty());
  EXPECT_TRUE(model->neighbours(kNoItem, 10).empty());
}

TEST(ItemNeighbours, TrustsAPairMoreTheOftenerItIsSeen) {
  // 0 and 1 always come together, ten times; 2 and 3 as well, once.
  std::vector<std::vector<ItemId>> sequences(10, {0, 1});
  sequences.push_back({2, 3});
  const auto catalogue = make_catalogue(4);
  const auto model = train(make_data(4, sequences), catalogue);
  EXPECT_GT(model->pair_score(0, 1), 2 * model->pair_score(2, 3));
}

TEST(ItemNeighbours, KeepsTheNearest) {
  const auto data = testing::random_sequences(20, 50, 24);
  const auto catalogue = make_catalogue(20);
  const auto all = train(data, catalogue);
  ItemNeighbourOptions options;
  options.max_neighbours = 5;
  const auto pruned = train(data, catalogue, options);
  for (ItemId i = 0; i < 20; ++i) {
    const auto expected = all->neighbours(i, 5);
    const auto kept = pruned->neighbours(i, 20);
    ASSERT_EQ(kept.size(), expected.size());
    for (std::size_t n = 0; n < kept.size(); ++n) EXPECT_EQ(kept[n].item, expected[n].item);
  }
}

TEST(ItemNeighbours, RefusesConstantsOutOfRange) {
  const auto catalogue = make_catalogue(2);
  const auto data = make_data(2, {{0, 1}});
  ItemNeighbourOptions options;
  options.asymmetry = 1.5;
  EXPECT_THROW(train(data, catalogue, options), std::invalid_argument);
  options = {};
  options.shrink = -1;
  EXPECT_THROW(train(data, catalogue, options), std::invalid_argument);
  EXPECT_THROW(train(make_data(3, {}), catalogue), std::invalid_argument);
}

TEST(ItemNeighbours, StopsWhenAsked) {
  struct Stopping : Progress {
    void check() const override { throw Error(ErrorKind::kInterrupted, "stopped"); }
  } progress;
  kernels::ThreadPool pool(2);
  const auto catalogue = make_catalogue(2);
  EXPECT_THROW(ItemNeighbours::train(make_data(2, {{0, 1}}), {}, catalogue, pool, progress), Error);
}

}  // namespace
}  // namespace segue::index
