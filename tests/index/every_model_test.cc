#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "index/model/rating_data.h"
#include "index/reindex/model_set.h"
#include "tests/index/neighbour_fixtures.h"
#include "tests/index/rating_fixtures.h"

namespace segue::index {
namespace {

using testing::any_item;
using testing::two_tastes;

constexpr std::array kSessionModels{"mf",     "transformer",     "transitions",     "content",
                                    "rating", "item-neighbours", "user-neighbours", "session-neighbours"};

/// n items whose titles have words of a hundred, so that contents are alike.
Catalogue worded_catalogue(std::size_t n) {
  std::vector<Item> items(n);
  for (std::size_t i = 0; i < n; ++i) {
    items[i].id = std::to_string(1'000'000'000 + i);
    items[i].title = "word" + std::to_string(i % 97) + " kind" + std::to_string(i % 11);
  }
  return Catalogue(std::move(items));
}

/// Small constants: these tests are about what no data may break, not about accuracy.
TrainingPlan small_plan(std::vector<std::string> models) {
  TrainingPlan plan;
  plan.models = std::move(models);
  plan.mf.factors = 4;
  plan.mf.iterations = 2;
  plan.transformer.width = 16;
  plan.transformer.feed_forward = 16;
  plan.transformer.window = 20;
  plan.transformer.epochs = 2;
  plan.transformer.negatives = 64;
  plan.rating.factors = 2;
  plan.rating.epochs = 3;
  plan.rating.method = RatingMethod::kSvdpp;
  plan.content.width = 16;
  plan.prior_events = 3;
  return plan;
}

/// Each item event rated 1 to 5 by its item, one user for each sequence.
void rate(TrainingData& data) {
  std::vector<testing::Rated> ratings;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    for (const ItemId item : data.sequence(s)) {
      ratings.push_back({"u" + std::to_string(s), item, static_cast<float>(1 + item % 5)});
    }
  }
  data.ratings = std::make_shared<const RatingData>(rating_data(testing::log_of(ratings)));
}

class EveryModel : public ::testing::TestWithParam<const char*> {
 protected:
  /// The model, and popularity when the data does not allow it.
  ModelSet train(TrainingData data, const Catalogue& catalogue) {
    if (!data.items.empty()) rate(data);
    const TrainingPlan plan = small_plan({GetParam()});
    Phases phases(progress_);
    TrainingEnvironment environment{catalogue, *backend_, pool_, progress_, phases};
    environment.content = train_content(plan, environment);
    return train_models(data, plan, environment, "");
  }

  /// Encodes, and looks at every answer that a session can be asked for.
  static void expect_sound(const SessionModel& model, const SessionView& session, std::size_t items) {
    const auto encoded = model.encode(session);
    if (encoded == nullptr) return;
    std::vector<double> scores(items);
    encoded->score_all(scores);
    EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); }));
    const auto top = encoded->top(50, nullptr);
    for (std::size_t r = 0; r < top.size(); ++r) {
      EXPECT_LT(top[r].item, items);
      EXPECT_TRUE(std::isfinite(top[r].score));
      if (r > 0) {
        EXPECT_LE(top[r].score, top[r - 1].score);
      }
    }
    for (const ItemGroup group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
      const ScoreMoments moments = encoded->moments(group);
      EXPECT_TRUE(std::isfinite(moments.mean) && std::isfinite(moments.deviation));
      EXPECT_GE(moments.deviation, 0);
    }
    if (!top.empty()) {
      for (const ScoredItem& reason : encoded->because(top[0].item, 5))
        EXPECT_TRUE(std::isfinite(reason.score));
    }
  }

  static void expect_sound(const ModelSet& set, const SessionView& session, std::size_t items) {
    expect_sound(*set.popularity, session, items);
    for (const SessionModel* model : set.parts()) expect_sound(*model, session, items);
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_P(EveryModel, TakesNoItemsAndNoEvents) {
  const Catalogue empty = worded_catalogue(0);
  const ModelSet of_nothing = train(testing::make_data(0, {}), empty);
  expect_sound(of_nothing, {}, 0);
  const Catalogue untouched = worded_catalogue(5);
  for (const auto& sequences : std::vector<std::vector<std::vector<ItemId>>>{{}, {{}}, {{}, {}}}) {
    const ModelSet set = train(testing::make_data(5, sequences), untouched);
    expect_sound(set, {}, 5);
    expect_sound(set, std::vector<ItemId>{0, 4}, 5);
    // Only what items say is known without events.
    EXPECT_EQ(set.parts().size(), GetParam() == std::string("content") ? 1u : 0u);
  }
}

TEST_P(EveryModel, TakesOneItem) {
  const Catalogue catalogue = worded_catalogue(1);
  for (const auto& sequences :
       std::vector<std::vector<std::vector<ItemId>>>{{{0}}, {{0, 0, 0}}, {{0}, {0, 0}, {}}}) {
    const ModelSet set = train(testing::make_data(1, sequences), catalogue);
    expect_sound(set, {}, 1);
    expect_sound(set, std::vector<ItemId>{0}, 1);
    expect_sound(set, std::vector<ItemId>{0, 0, 0, 0}, 1);
  }
}

TEST_P(EveryModel, LearnsFromOneUser) {
  const Catalogue catalogue = worded_catalogue(6);
  const ModelSet set = train(testing::make_data(6, {{0, 1, 2, 1, 3}}), catalogue);
  ASSERT_EQ(set.parts().size(), 1u);
  const std::vector<ItemId> session{0, 1};
  ASSERT_NE(set.parts()[0]->encode(session), nullptr);
  expect_sound(set, session, 6);
  expect_sound(set, std::vector<ItemId>{5}, 6);  // nobody touched it
}

TEST_P(EveryModel, PassesOverItemsThatDoNotExist) {
  const Catalogue catalogue = worded_catalogue(40);
  const ModelSet set = train(two_tastes(40, 60, 2), catalogue);
  ASSERT_EQ(set.parts().size(), 1u);
  const SessionModel& model = *set.parts()[0];
  const std::vector<ItemId> strangers{kNoItem, 40, 77}, mixed{77, 3, kNoItem}, known{3};
  EXPECT_EQ(model.encode(strangers), nullptr);
  EXPECT_EQ(model.encode(mixed)->top(40, nullptr), model.encode(known)->top(40, nullptr));
}

TEST_P(EveryModel, TakesASequenceAndASessionOfTenThousandEvents) {
  RandomStream random(3);
  TrainingData data = two_tastes(300, 50, 4);
  std::vector<ItemId> endless(10'000);
  for (ItemId& item : endless) item = any_item(random, 300);
  data.append(endless, std::vector<float>(endless.size(), 1.0f));
  const Catalogue catalogue = worded_catalogue(300);
  const ModelSet set = train(std::move(data), catalogue);
  ASSERT_EQ(set.parts().size(), 1u);
  const auto encoded = set.parts()[0]->encode(endless);
  ASSERT_NE(encoded, nullptr);
  EXPECT_EQ(encoded->top(50, nullptr).size(), 50u);
  expect_sound(set, endless, 300);
}

INSTANTIATE_TEST_SUITE_P(Models, EveryModel, ::testing::ValuesIn(kSessionModels), [](const auto& model) {
  std::string name = model.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace segue::index
