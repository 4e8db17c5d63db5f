#include "index/model/transitions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;
using testing::make_data;

/// value(i, j) for all pairs, straight from the definition, in doubles.
std::vector<std::vector<double>> naive_values(const TrainingData& data, const TransitionOptions& options) {
  const std::size_t n = data.item_count;
  std::vector counts(n, std::vector<double>(n));
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto items = data.sequence(s);
    const auto weights = data.sequence_weights(s);
    for (std::size_t a = 0; a < items.size(); ++a) {
      for (std::size_t b = a + 1; b < items.size() && b - a <= options.max_distance; ++b) {
        counts[items[a]][items[b]] +=
            std::pow(static_cast<double>(b - a), -options.distance_exponent) *
            std::sqrt(static_cast<double>(weights[a]) * static_cast<double>(weights[b]));
      }
    }
  }
  std::vector sums(n, std::vector<double>(n));
  std::vector<double> rows(n), columns(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      sums[i][j] = counts[i][j] + options.symmetry * counts[j][i];
      rows[i] += sums[i][j];
      columns[j] += sums[i][j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (sums[i][j] > 0) {
        sums[i][j] /= std::pow(rows[i], options.row_exponent) * std::pow(columns[j], options.column_exponent);
      }
    }
  }
  return sums;
}

TrainingData random_data(std::size_t items, std::size_t sequences, std::uint64_t seed) {
  RandomStream random(seed);
  TrainingData data;
  data.item_count = items;
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> sequence(random.below(30));
    std::vector<float> weights;
    for (ItemId& item : sequence) {
      item = testing::any_item(random, items);
      weights.push_back(0.5f + static_cast<float>(random.below(4)));
    }
    data.append(sequence, weights);
  }
  return data;
}

std::unique_ptr<Transitions> train(const TrainingData& data, const Catalogue& catalogue,
                                   const TransitionOptions& options = {}, std::size_t threads = 1) {
  kernels::ThreadPool pool(threads);
  Progress progress;
  return Transitions::train(data, options, catalogue, pool, progress);
}

TEST(Transitions, HasTheValuesOfItsDefinitionWithEveryPreset) {
  const auto data = random_data(25, 40, 7);
  const auto catalogue = make_catalogue(25);
  for (const TransitionOptions& options : transition_presets()) {
    const auto model = train(data, catalogue, options);
    const auto expected = naive_values(data, options);
    for (ItemId i = 0; i < 25; ++i) {
      for (ItemId j = 0; j < 25; ++j) {
        EXPECT_NEAR(model->pair_score(i, j), expected[i][j], 1e-6 * (1 + expected[i][j])) << options.preset;
      }
    }
  }
}

TEST(Transitions, ScoresASessionByItsNewestItems) {
  const auto data = random_data(25, 40, 8);
  const auto catalogue = make_catalogue(25);
  for (TransitionOptions options : transition_presets()) {
    options.history = 4;
    const auto model = train(data, catalogue, options);
    const std::vector<ItemId> session{1, 2, 3, 4, 5, 3, 6};
    const auto encoded = model->encode(session);
    std::vector<double> all(25);
    encoded->score_all(all);
    for (ItemId j = 0; j < 25; ++j) {
      double expected = 0;
      for (std::size_t k = 1; k <= 4; ++k) {
        const double kth = static_cast<double>(k);
        const double weight = options.decay == HistoryDecay::kPower ? std::pow(kth, -options.decay_rate)
                                                                    : std::pow(options.decay_rate, kth - 1);
        expected += weight * model->pair_score(session[session.size() - k], j);
      }
      EXPECT_NEAR(all[j], expected, 1e-12);
    }
    std::vector<ItemId> asked{7, 24, 0, 99};
    std::vector<double> scores(asked.size());
    encoded->score(asked, scores);
    EXPECT_EQ(scores, (std::vector<double>{all[7], all[24], all[0], 0}));
  }
}

TEST(Transitions, RanksWhatItScoresAndNothingElse) {
  const auto catalogue = make_catalogue(6);
  const auto model = train(make_data(6, {{0, 1, 2}, {0, 1}, {3, 4}}), catalogue);
  const std::vector<ItemId> session{0};
  const auto top = model->encode(session)->top(10, nullptr);
  ASSERT_EQ(top.size(), 2u);
  EXPECT_EQ(top[0].item, 1u);
  EXPECT_EQ(top[1].item, 2u);
  ItemSet allowed(6);
  allowed.insert(2);
  allowed.insert(4);
  const auto filtered = model->encode(session)->top(10, &allowed);
  ASSERT_EQ(filtered.size(), 1u);
  EXPECT_EQ(filtered[0], top[1]);
}

TEST(Transitions, CountsMissingScoresAsZeroInTheMomentsOfAGroup) {
  const auto catalogue = make_catalogue(25, {3, 9, 20});
  const auto model = train(random_data(25, 40, 9), catalogue);
  const std::vector<ItemId> session{1, 2};
  const auto encoded = model->encode(session);
  std::vector<double> all(25);
  encoded->score_all(all);
  for (const auto group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
    const ItemSet& items = group == ItemGroup::kQueries ? catalogue.queries() : catalogue.searchable();
    const double n = static_cast<double>(items.count());
    double mean = 0, variance = 0;
    for (ItemId i = 0; i < 25; ++i) mean += items.contains(i) ? all[i] / n : 0;
    for (ItemId i = 0; i < 25; ++i) variance += items.contains(i) ? (all[i] - mean) * (all[i] - mean) / n : 0;
    EXPECT_NEAR(encoded->moments(group).mean, mean, 1e-12);
    EXPECT_NEAR(encoded->moments(group).deviation, std::sqrt(variance), 1e-9);
  }
}

TEST(Transitions, FindsThePlantedNextItemAmongNoise) {
  constexpr ItemId kItems = 60;
  RandomStream random(11);
  std::vector<std::vector<ItemId>> sequences;
  for (int s = 0; s < 400; ++s) {
    std::vector<ItemId> sequence{testing::any_item(random, kItems)};
    while (sequence.size() < 8) {
      const bool noise = random.below(100) < 30;
      sequence.push_back(noise ? testing::any_item(random, kItems) : (sequence.back() * 7 + 3) % kItems);
    }
    sequences.push_back(sequence);
  }
  const auto catalogue = make_catalogue(kItems);
  const auto model = train(make_data(kItems, sequences), catalogue, transition_presets().back());
  for (ItemId i = 0; i < kItems; ++i) {
    const std::vector<ItemId> session{i};
    const auto top = model->encode(session)->top(1, nullptr);
    ASSERT_EQ(top.size(), 1u);
    EXPECT_EQ(top[0].item, (i * 7 + 3) % kItems);
  }
}

TEST(Transitions, KeepsTheStrongestNeighbours) {
  const auto data = random_data(25, 40, 10);
  const auto catalogue = make_catalogue(25);
  const auto all = train(data, catalogue);
  TransitionOptions options;
  options.max_neighbours = 5;
  const auto pruned = train(data, catalogue, options);
  for (ItemId i = 0; i < 25; ++i) {
    auto expected = all->neighbours(i, 25);
    if (all->pair_score(i, i) > 0) expected.push_back({i, all->pair_score(i, i)});
    std::sort(expected.begin(), expected.end(), ranks_before);
    expected.resize(5);
    std::erase_if(expected, [&](const ScoredItem& hit) { return hit.item == i; });
    EXPECT_EQ(pruned->neighbours(i, 5), expected);
  }
}

TEST(Transitions, KnowsOnlyItemsThatLeadSomewhere) {
  const auto catalogue = make_catalogue(4);
  const auto model = train(make_data(4, {{0, 1}, {2}}), catalogue);
  EXPECT_TRUE(model->knows(0));
  EXPECT_TRUE(model->knows(1));  // backwards, by symmetry
  EXPECT_FALSE(model->knows(2));
  EXPECT_FALSE(model->knows(3));
  EXPECT_FALSE(model->knows(kNoItem));
  EXPECT_EQ(model->encode(std::vector<ItemId>{2, 3, 77}), nullptr);
  EXPECT_EQ(model->encode({}), nullptr);
  const std::vector<ItemId> mixed{0, 3}, known{0};
  EXPECT_EQ(model->encode(mixed)->top(4, nullptr), model->encode(known)->top(4, nullptr));
}

TEST(Transitions, GivesTheSameBytesForAnyNumberOfThreads) {
  const testing::TemporaryFolder folder;
  const auto data = random_data(500, 200, 12);
  const auto catalogue = make_catalogue(500);
  train(data, catalogue, {}, 1)->save(folder / "1.safetensors");
  train(data, catalogue, {}, 2)->save(folder / "2.safetensors");
  EXPECT_EQ(testing::bytes_of(folder / "1.safetensors"), testing::bytes_of(folder / "2.safetensors"));
}

TEST(Transitions, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(25);
  TransitionOptions options = transition_presets()[1];
  options.max_neighbours = 6;
  const auto model = train(random_data(25, 40, 13), catalogue, options);
  model->save(folder / "t.safetensors");
  const auto again = Transitions::open(folder / "t.safetensors", catalogue);
  EXPECT_EQ(again->options(), options);
  EXPECT_EQ(again->pairs(), model->pairs());
  const std::vector<ItemId> session{4, 7, 4};
  EXPECT_EQ(again->encode(session)->top(25, nullptr), model->encode(session)->top(25, nullptr));
}

TEST(Transitions, RefusesAFileWhoseRowsDoNotFit) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(3);
  const auto write = [&](std::vector<std::int64_t> offsets, std::vector<std::int32_t> successors) {
    const auto model = train(make_data(3, {{0, 1}}), catalogue);
    model->save(folder / "good.safetensors");
    const auto good = Safetensors::open(folder / "good.safetensors");
    SafetensorsWriter writer;
    writer.add("offsets", {offsets.size()}, offsets);
    writer.add("values", {successors.size()}, std::vector<float>(successors.size(), 0.5f));
    writer.add("successors", {successors.size()}, successors);
    for (const char* key : {"preset", "max_distance", "distance_exponent", "symmetry", "row_exponent",
                            "column_exponent", "history", "decay", "decay_rate", "max_neighbours"}) {
      writer.metadata(key, good->metadata(key));
    }
    writer.write(folder / "t.safetensors");
    return folder / "t.safetensors";
  };
  EXPECT_NO_THROW(Transitions::open(write({0, 1, 2, 2}, {1, 0}), catalogue));
  EXPECT_THROW(Transitions::open(write({0, 2, 1, 2}, {1, 0}), catalogue), Error);  // falls
  EXPECT_THROW(Transitions::open(write({0, 1, 2, 3}, {1, 0}), catalogue), Error);  // beyond the end
  EXPECT_THROW(Transitions::open(write({0, 1, 2}, {1, 0}), catalogue), Error);     // a row missing
  EXPECT_THROW(Transitions::open(write({0, 1, 2, 2}, {1, 3}), catalogue), Error);  // no such item
  EXPECT_THROW(Transitions::open(write({0, 1, 2, 2}, {1, -1}), catalogue), Error);
}

TEST(Transitions, TakesDataOfAnyShape) {
  const auto none = make_catalogue(0);
  EXPECT_EQ(train(make_data(0, {}), none)->pairs(), 0u);
  const auto one = make_catalogue(1);
  EXPECT_EQ(train(make_data(1, {{0}}), one)->encode(std::vector<ItemId>{0}), nullptr);
  const auto repeated = train(make_data(1, {{0, 0}}), one);
  EXPECT_EQ(repeated->encode(std::vector<ItemId>{0})->top(3, nullptr).size(), 1u);
  EXPECT_TRUE(repeated->neighbours(0, 3).empty());

  RandomStream random(14);
  std::vector<ItemId> endless(10'000);
  for (ItemId& item : endless) item = testing::any_item(random, 50);
  const auto catalogue = make_catalogue(50);
  const auto model = train(make_data(50, {endless}), catalogue);
  EXPECT_EQ(model->encode(endless)->top(50, nullptr).size(), 50u);
}

TEST(Transitions, RefusesConstantsOutOfRange) {
  const auto catalogue = make_catalogue(2);
  const auto data = make_data(2, {{0, 1}});
  TransitionOptions options;
  options.symmetry = 1.5;
  EXPECT_THROW(train(data, catalogue, options), std::invalid_argument);
  options = {};
  options.decay = HistoryDecay::kGeometric;
  options.decay_rate = 2;
  EXPECT_THROW(train(data, catalogue, options), std::invalid_argument);
}

TEST(Transitions, StopsWhenAsked) {
  struct Stopping : Progress {
    void check() const override { throw Error(ErrorKind::kInterrupted, "stopped"); }
  } progress;
  kernels::ThreadPool pool(2);
  const auto catalogue = make_catalogue(2);
  EXPECT_THROW(Transitions::train(make_data(2, {{0, 1}}), {}, catalogue, pool, progress), Error);
}

}  // namespace
}  // namespace segue::index
