#include "index/model/context_popularity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "index/model/blend.h"
#include "index/safetensors.h"
#include "index/top_items.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;

/// Events of sequences of one, each on an item in a set of context values.
struct Events {
  explicit Events(std::size_t items, std::size_t values) : sets(std::make_shared<ContextSets>(values)) {
    data.item_count = items;
  }
  void add(ItemId item, const std::vector<ContextId>& values, std::size_t times = 1) {
    const std::uint32_t set = values.empty() ? ContextSets::kNone : sets->add(values);
    for (std::size_t i = 0; i < times; ++i) {
      data.append({&item, 1}, std::vector<float>{1.0f});
      data.contexts.push_back(set);
    }
    data.sets = sets;
  }
  TrainingData data;
  std::shared_ptr<ContextSets> sets;
};

/// A request in a context, of an empty session.
struct Request {
  explicit Request(const std::vector<ContextId>& values) : set(sets.add(values)) {}
  SessionView view() const {
    SessionView session;
    session.sets = &sets;
    session.request = set;
    return session;
  }
  ContextSets sets;
  std::uint32_t set;
};

/// 60 items, of which every context likes another sixth, and item 59 everybody; some are of kind `query`.
class ContextPopularityTest : public ::testing::Test {
 protected:
  ContextPopularityTest() : catalogue_(make_catalogue(60, {3, 17, 40})) {
    RandomStream random(3);
    Events events(60, 6);
    for (int e = 0; e < 4000; ++e) {
      const auto value = static_cast<ContextId>(random.below(6));
      const double u = random.uniform();
      ItemId item = static_cast<ItemId>(random.below(58));  // 58 is never met
      if (u < 0.5) item = static_cast<ItemId>(value * 9 + random.below(9));
      if (u > 0.9) item = 59;
      events.add(item, e % 7 == 0 ? std::vector<ContextId>{} : std::vector<ContextId>{value});
    }
    data_ = events.data;
    popularity_ = Popularity::train(data_, catalogue_);
    model_ = ContextPopularity::train(data_, *popularity_, catalogue_);
  }

  Catalogue catalogue_;
  TrainingData data_;
  std::unique_ptr<Popularity> popularity_;
  std::unique_ptr<ContextPopularity> model_;
};

TEST_F(ContextPopularityTest, EqualsItsFormulaItemByItem) {
  std::vector<double> of_item(60), in_context(6);
  std::vector<std::vector<double>> of_both(6, std::vector<double>(60));
  for (std::size_t e = 0; e < data_.items.size(); ++e) {
    of_item[data_.items[e]] += 1;
    for (const ContextId value : (*data_.sets)[data_.contexts[e]]) {
      in_context[value] += 1;
      of_both[value][data_.items[e]] += 1;
    }
  }
  const auto n = static_cast<double>(data_.items.size());
  const std::vector<ContextId> values{1, 4};
  const Request request(values);
  std::vector<double> scores(60);
  model_->encode(request.view())->score_all(scores);
  for (ItemId i = 0; i < 60; ++i) {
    double expected = std::log1p(of_item[i]);
    for (const ContextId c : values) {
      const double lift = std::log((of_both[c][i] + 5) / (in_context[c] * of_item[i] / n + 5));
      if (std::abs(lift) >= ContextPopularity::kLeastLift) expected += lift;
    }
    EXPECT_NEAR(scores[i], expected, 1e-5) << "item " << i;
  }
}

TEST_F(ContextPopularityTest, TopIsTheHeadOfAllScores) {
  const Request request({2});
  const auto session = model_->encode(request.view());
  std::vector<double> scores(60);
  session->score_all(scores);
  std::vector<ScoredItem> expected;
  for (ItemId i = 0; i < 60; ++i) expected.push_back({i, scores[i]});
  for (const std::size_t k : {1, 7, 60, 100}) {
    std::vector<ScoredItem> best = expected;
    keep_best(best, k);
    EXPECT_EQ(session->top(k, nullptr), best) << k;
    std::vector<ScoredItem> searchable = expected;
    std::erase_if(searchable, [&](const auto& s) { return catalogue_.is_query(s.item); });
    keep_best(searchable, k);
    EXPECT_EQ(session->top(k, &catalogue_.searchable()), searchable) << k;
  }
}

TEST_F(ContextPopularityTest, MomentsAreThoseOfAllScoresOfTheGroup) {
  const Request request({0, 5});
  const auto session = model_->encode(request.view());
  std::vector<double> scores(60);
  session->score_all(scores);
  for (const ItemGroup group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
    double sum = 0, squares = 0, n = 0;
    for (ItemId i = 0; i < 60; ++i) {
      if (catalogue_.is_query(i) != (group == ItemGroup::kQueries)) continue;
      sum += scores[i];
      squares += scores[i] * scores[i];
      ++n;
    }
    const ScoreMoments moments = session->moments(group);
    EXPECT_NEAR(moments.mean, sum / n, 1e-9);
    EXPECT_NEAR(moments.deviation, std::sqrt(squares / n - sum / n * (sum / n)), 1e-9);
  }
}

TEST_F(ContextPopularityTest, EachContextPrefersWhatIsBoughtInIt) {
  for (ContextId value = 0; value < 6; ++value) {
    const Request request({value});
    std::size_t own = 0;
    for (const ScoredItem& item : model_->encode(request.view())->top(10, nullptr))
      own += item.item / 9 == value;
    EXPECT_GE(own, 8u) << "context " << value;
  }
}

TEST_F(ContextPopularityTest, KnowsNothingWithoutAContext) {
  EXPECT_EQ(model_->encode({}), nullptr);
  EXPECT_EQ(model_->encode(std::vector<ItemId>{1, 2}), nullptr);
  const Request unknown({77});
  EXPECT_EQ(model_->encode(unknown.view()), nullptr);
}

TEST_F(ContextPopularityTest, IsAPartOfABlendOnlyBesideAModelOfTheSession) {
  const SessionModel* models[] = {model_.get()};
  BlendWeights weights;
  weights.models = {"context-popularity"};
  weights.weights = {1.0};
  const Request request({1});
  EXPECT_EQ(Blend(weights, models).encode(request.view(), ItemGroup::kSearchable), nullptr);
}

TEST_F(ContextPopularityTest, ReadsBackWhatItWrote) {
  const testing::TemporaryFolder folder;
  model_->save(folder / "lifts.safetensors");
  const auto again = ContextPopularity::open(folder / "lifts.safetensors", 6, *popularity_, catalogue_);
  const Request request({1, 2});
  EXPECT_EQ(again->encode(request.view())->top(60, nullptr),
            model_->encode(request.view())->top(60, nullptr));
  EXPECT_THROW(ContextPopularity::open(folder / "lifts.safetensors", 5, *popularity_, catalogue_), Error);
  const Catalogue small = make_catalogue(10);
  EXPECT_THROW(ContextPopularity::open(folder / "lifts.safetensors", 6, *popularity_, small), Error);
}

TEST(ContextPopularity, DamagedFilesAreRefused) {
  const testing::TemporaryFolder folder;
  const Catalogue catalogue = make_catalogue(5);
  const auto popularity = Popularity::train(testing::make_data(5, {{0, 1, 2}}), catalogue);
  const auto refused = [&](std::vector<std::int64_t> offsets, std::vector<std::int32_t> items,
                           std::vector<float> lifts) {
    SafetensorsWriter writer;
    writer.add("offsets", {offsets.size()}, offsets);
    writer.add("items", {items.size()}, items);
    writer.add("lifts", {lifts.size()}, lifts);
    writer.write(folder / "damaged.safetensors");
    try {
      ContextPopularity::open(folder / "damaged.safetensors", 2, *popularity, catalogue);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kDamagedStore;
    }
  };
  EXPECT_FALSE(refused({0, 1, 3}, {4, 0, 1}, {1, 2, 3})) << "this one is good";
  EXPECT_TRUE(refused({0, 1}, {4, 0, 1}, {1, 2, 3}));
  EXPECT_TRUE(refused({0, 4, 3}, {4, 0, 1}, {1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3}, {5, 0, 1}, {1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3}, {-1, 0, 1}, {1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3}, {4, 1, 1}, {1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3}, {4, 0, 1}, {1, 2}));
  EXPECT_TRUE(refused({0, 1, 3}, {4, 0, 1}, {1, 2, std::nanf("")}));
}

TEST(ContextPopularity, AFewEventsMoveLittleAndManyMuch) {
  Events events(4, 2);
  events.add(0, {0}, 1);    // one event in context 0
  events.add(1, {0}, 200);  // two hundred
  events.add(2, {1}, 1000);
  const Catalogue catalogue = make_catalogue(4);
  const auto popularity = Popularity::train(events.data, catalogue);
  const auto model = ContextPopularity::train(events.data, *popularity, catalogue);
  const auto lift_of = [&](ItemId item) {
    const auto items = model->items(0);
    const auto found = std::find(items.begin(), items.end(), item);
    return found == items.end() ? 0.0f : model->lifts(0)[static_cast<std::size_t>(found - items.begin())];
  };
  EXPECT_LT(lift_of(0), 0.2f);
  EXPECT_GT(lift_of(1), 1.0f);
  EXPECT_LT(lift_of(2), -3.0f) << "expected in context 0, and never seen there";
  EXPECT_EQ(lift_of(3), 0) << "nothing is known of it";
}

TEST(ContextPopularity, IsNotThereWithoutContexts) {
  const Catalogue catalogue = make_catalogue(3);
  const TrainingData data = testing::make_data(3, {{0, 1, 2}});
  const auto popularity = Popularity::train(data, catalogue);
  EXPECT_EQ(ContextPopularity::train(data, *popularity, catalogue), nullptr);
}

}  // namespace
}  // namespace segue::index
