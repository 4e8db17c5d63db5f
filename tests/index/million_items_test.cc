#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>

#include <memory>
#include <string>
#include <vector>

#include "index/model/random_stream.h"
#include "index/model/rating_data.h"
#include "index/reindex/model_set.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 1'000'000;
constexpr std::size_t kTouched = 200'000;  // the rest is new: it has titles and no events
constexpr std::size_t kStyles = 50;

/// Item i is of style i % kStyles, which its title says in two words.
Catalogue styled_catalogue() {
  std::vector<Item> items(kItems);
  for (std::size_t i = 0; i < kItems; ++i) {
    const std::size_t style = i % kStyles;
    items[i].id = std::to_string(1'000'000'000 + i);
    items[i].title = "maker" + std::to_string(style) + " line" + std::to_string(style * 7 % kStyles) +
                     " thing" + std::to_string(i / kStyles % 50);
  }
  return Catalogue(std::move(items));
}

/// Each sequence keeps to a style.
TrainingData styled_sequences() {
  RandomStream random(1);
  TrainingData data;
  data.item_count = kItems;
  std::vector<ItemId> sequence(10);
  for (std::size_t s = 0; s < 30'000; ++s) {
    const std::size_t style = s % kStyles;
    for (ItemId& item : sequence)
      item = static_cast<ItemId>(style + kStyles * random.below(kTouched / kStyles));
    data.append(sequence, std::vector<float>(sequence.size(), 1.0f));
  }
  return data;
}

/// Each user rates the items of their sequence 5 and as many others 1.
std::shared_ptr<const RatingData> styled_ratings(const TrainingData& data) {
  RandomStream random(2);
  EventLog log;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto user = static_cast<std::uint32_t>(s);
    log.users.push_back("u" + std::to_string(s));
    const std::size_t begin = log.events.size();
    for (const ItemId item : data.sequence(s)) {
      LogEvent event;
      event.weight = 1;
      event.item = item;
      event.rating = 5;
      log.events.push_back(event);
      event.item = testing::any_item(random, kTouched);
      event.rating = 1;
      log.events.push_back(event);
    }
    log.sequences.push_back({begin, log.events.size(), user, log.users.back()});
  }
  return std::make_shared<const RatingData>(rating_data(log));
}

std::size_t of_style(const std::vector<ScoredItem>& hits, std::size_t style) {
  return static_cast<std::size_t>(std::count_if(
      hits.begin(), hits.end(), [&](const ScoredItem& hit) { return hit.item % kStyles == style; }));
}

TEST(AMillionItems, AreLearntAndRankedByEveryModelAndNewOnesHaveTheirPlace) {
  const Catalogue catalogue = styled_catalogue();
  TrainingData data = styled_sequences();
  data.ratings = styled_ratings(data);
  TrainingPlan plan;
  plan.models = {"mf",     "transformer",     "transitions",     "content",
                 "rating", "item-neighbours", "user-neighbours", "session-neighbours"};
  plan.mf.factors = 64;
  plan.mf.iterations = 4;
  plan.transformer.width = 32;
  plan.transformer.feed_forward = 32;
  plan.transformer.epochs = 2;
  plan.rating.method = RatingMethod::kSvdpp;
  plan.rating.factors = 8;
  plan.rating.epochs = 3;
  plan.content.width = 32;
  plan.prior_events = 3;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  Progress progress;
  Phases phases(progress);
  TrainingEnvironment environment{catalogue, *backend, pool, progress, phases};
  environment.content = train_content(plan, environment);
  const ModelSet models = train_models(data, plan, environment, "");
  phases.end();
  for (const auto& phase : phases.done()) RecordProperty(phase.name, std::to_string(phase.seconds));

  ASSERT_EQ(models.parts().size(), plan.models.size());
  const std::size_t style = 23;
  const std::vector<ItemId> session{style, style + 3 * kStyles, style + 9 * kStyles};
  ItemSet untouched(kItems);
  for (std::size_t i = kTouched; i < kItems; ++i) untouched.insert(static_cast<ItemId>(i));
  for (const SessionModel* model : models.parts()) {
    SCOPED_TRACE(model->name());
    const auto encoded = model->encode(session);
    ASSERT_NE(encoded, nullptr);
    const auto top = encoded->top(20, nullptr);
    ASSERT_EQ(top.size(), 20u);
    // By chance .4. Three ratings an item say too little of its style.
    if (model->name() != "rating") {
      EXPECT_GE(of_style(top, style), 15u);
    }
    const ScoreMoments moments = encoded->moments(ItemGroup::kSearchable);
    EXPECT_TRUE(std::isfinite(moments.mean) && moments.deviation > 0);
    const bool places =
        model == models.mf.get() || model == models.transformer.get() || model == models.content.get();
    const auto fresh = encoded->top(20, &untouched);
    EXPECT_EQ(fresh.size(), places ? 20u : 0u);
    EXPECT_GE(of_style(fresh, style), places ? 15u : 0u);
  }
}

}  // namespace
}  // namespace segue::index
