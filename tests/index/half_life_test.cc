#include "index/model/half_life.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include "index/model/context_popularity.h"
#include "index/model/popularity.h"
#include "index/model/random_stream.h"
#include "index/reindex/half_life_choice.h"
#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;

constexpr double kDay = 86400;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

void add(TrainingData& data, ItemId item, double time, float weight = 1) {
  data.append({&item, 1}, {&weight, 1});
  data.times.push_back(time);
}

/// 200 days on which another three of 30 items are in fashion every 20 days; with no change of fashion the
/// same three are, all the time.
TrainingData fashions(bool change, std::uint64_t seed) {
  RandomStream random(seed);
  TrainingData data;
  data.item_count = 30;
  for (int e = 0; e < 6000; ++e) {
    const double day = 200.0 * e / 6000;
    const auto season = change ? static_cast<std::uint64_t>(day / 20) : 0;
    const bool fashionable = random.uniform() < 0.5;
    add(data, static_cast<ItemId>(fashionable ? season * 3 + random.below(3) : random.below(30)), day * kDay);
  }
  return data;
}

TEST(HalfLife, AnEventOfThatAgeCountsHalf) {
  TrainingData data;
  data.item_count = 1;
  add(data, 0, 0, 3);
  add(data, 0, 10 * kDay);
  add(data, 0, 20 * kDay);
  const std::vector<float> weights = faded_weights(data, 10 * kDay);
  EXPECT_FLOAT_EQ(weights[0], 0.75f);
  EXPECT_FLOAT_EQ(weights[1], 0.5f);
  EXPECT_FLOAT_EQ(weights[2], 1);
  EXPECT_EQ(faded_weights(data, {}), data.weights);
}

TEST(HalfLife, AnEventWithoutATimeIsTakenForTheOldest) {
  TrainingData data;
  data.item_count = 1;
  add(data, 0, 0);
  add(data, 0, kUnknown);
  add(data, 0, 10 * kDay);
  EXPECT_FLOAT_EQ(faded_weights(data, 10 * kDay)[1], 0.5f);
}

TEST(HalfLife, IsChosenWhereFashionsChange) {
  const HalfLifeChoice choice = choose_half_life(fashions(true, 1), make_catalogue(30));
  ASSERT_TRUE(choice.half_life);
  EXPECT_LE(*choice.half_life, 14 * kDay);
  EXPECT_EQ(choice.trials.front().half_life, HalfLife());
  for (const HalfLifeTrial& trial : choice.trials) {
    EXPECT_LT(trial.half_life.value_or(0), 200 * kDay) << "longer than the log";
    if (trial.half_life == choice.half_life) {
      EXPECT_GT(trial.ndcg, 1.3 * choice.trials.front().ndcg);
    }
  }
}

TEST(HalfLife, IsNotChosenWhereNothingChanges) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const HalfLifeChoice choice = choose_half_life(fashions(false, seed), make_catalogue(30));
    EXPECT_GE(choice.half_life.value_or(1e9), 30 * kDay) << "seed " << seed;
  }
}

TEST(HalfLife, IsNotChosenFromAFewEventsNorWithoutTimes) {
  TrainingData data = fashions(true, 1);
  data.times = {};
  EXPECT_TRUE(choose_half_life(data, make_catalogue(30)).trials.empty());
  TrainingData few;
  few.item_count = 30;
  for (int e = 0; e < 400; ++e) add(few, static_cast<ItemId>(e % 30), e * kDay);
  EXPECT_EQ(choose_half_life(few, make_catalogue(30)).half_life, HalfLife());
}

TEST(HalfLife, OneMomentIsNoReasonToFade) {
  TrainingData data;
  data.item_count = 30;
  for (int e = 0; e < 1000; ++e) add(data, static_cast<ItemId>(e % 30), 5 * kDay);
  EXPECT_EQ(choose_half_life(data, make_catalogue(30)).half_life, HalfLife());
}

TEST(Popularity, FadingPutsTheNewFashionFirstAndKeepsTheCounts) {
  const TrainingData data = fashions(true, 4);
  const Catalogue catalogue = make_catalogue(30);
  const auto still = Popularity::train(data, catalogue);
  const auto fading = Popularity::train(data, catalogue, 10 * kDay);
  std::set<ItemId> head;
  for (const ScoredItem& item : fading->encode({})->top(3, nullptr)) head.insert(item.item);
  EXPECT_EQ(head, (std::set<ItemId>{27, 28, 29}));
  EXPECT_TRUE(std::equal(still->counts().begin(), still->counts().end(), fading->counts().begin()));
  EXPECT_EQ(still->faded().data(), still->counts().data());
}

TEST(Popularity, ForgetsAHalfLifeWhereNoTimeIsKnown) {
  const auto model = Popularity::train(testing::make_data(4, {{3, 1, 3, 0}}), make_catalogue(4), kDay);
  EXPECT_EQ(model->half_life(), HalfLife());
}

TEST(Popularity, WithAHalfLifeComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  const Catalogue catalogue = make_catalogue(30);
  const auto model = Popularity::train(fashions(true, 4), catalogue, 10 * kDay);
  model->save(folder / "p.safetensors");
  const auto again = Popularity::open(folder / "p.safetensors", catalogue);
  EXPECT_EQ(again->half_life(), HalfLife(10 * kDay));
  EXPECT_EQ(again->encode({})->top(30, nullptr), model->encode({})->top(30, nullptr));
  SafetensorsWriter writer;
  writer.add("counts", {2}, std::vector<float>{1, 1});
  writer.add("faded", {2}, std::vector<float>{1, 1});
  writer.metadata("half_life", "0");
  writer.write(folder / "damaged.safetensors");
  EXPECT_THROW(Popularity::open(folder / "damaged.safetensors", make_catalogue(2)), Error);
}

TEST(ContextPopularity, StandsOnFadedPopularityAndLiftsByAllEvents) {
  // Phones prefer item 1 ten to one, and did so only long ago; others prefer item 0.
  TrainingData data;
  data.item_count = 3;
  auto sets = std::make_shared<ContextSets>(2);
  const auto event = [&](ItemId item, ContextId value, double day) {
    add(data, item, day * kDay);
    data.contexts.push_back(sets->add(std::vector<ContextId>{value}));
  };
  for (int e = 0; e < 110; ++e) {
    event(e % 11 == 0 ? 0 : 1, 0, 0);
    event(e % 11 == 0 ? 1 : 0, 1, 0);
    event(2, 1, 100);
  }
  data.sets = sets;
  const Catalogue catalogue = make_catalogue(3);
  const auto still = Popularity::train(data, catalogue);
  const auto fading = Popularity::train(data, catalogue, 10 * kDay);
  const auto lifts = ContextPopularity::train(data, *still, catalogue);
  const auto faded = ContextPopularity::train(data, *fading, catalogue);
  SessionView request;
  request.sets = sets.get();
  request.request = data.contexts.front();
  const auto scores = [&](const SessionModel& model) {
    std::vector<double> all(3);
    model.encode(request)->score_all(all);
    return all;
  };
  for (ItemId i = 0; i < 3; ++i) {
    EXPECT_NEAR(scores(*faded)[i] - scores(*fading)[i], scores(*lifts)[i] - scores(*still)[i], 1e-6);
    EXPECT_NEAR(scores(*fading)[i], std::log1p(fading->faded()[i]), 1e-6);
  }
  EXPECT_GT(scores(*lifts)[1], scores(*still)[1]);
}

TEST(Popularity, UnfadedIsWhatTrainingWithoutAHalfLifeGives) {
  const TrainingData data = fashions(true, 4);
  const Catalogue catalogue = make_catalogue(30);
  const auto unfaded = Popularity::train(data, catalogue, 10 * kDay)->unfaded(catalogue);
  EXPECT_EQ(unfaded->half_life(), HalfLife());
  EXPECT_EQ(unfaded->encode({})->top(30, nullptr),
            Popularity::train(data, catalogue)->encode({})->top(30, nullptr));
}

}  // namespace
}  // namespace segue::index
