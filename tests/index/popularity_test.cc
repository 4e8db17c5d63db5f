#include "index/model/popularity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;
using testing::make_data;

TEST(Popularity, SumsTheWeightsOfEvents) {
  TrainingData data;
  data.item_count = 3;
  data.append(std::vector<ItemId>{0, 2, 2}, std::vector<float>{1, 2, 0.5f});
  const auto model = Popularity::train(data, make_catalogue(3));
  EXPECT_EQ(std::vector<float>(model->counts().begin(), model->counts().end()),
            (std::vector<float>{1, 0, 2.5f}));
}

TEST(Popularity, RanksTheSameForEverySessionAndBreaksTiesByItem) {
  const auto model = Popularity::train(make_data(4, {{3, 1, 3, 0}}), make_catalogue(4));
  const std::vector<ItemId> some{2};
  const auto session = model->encode(some);
  const auto top = session->top(10, nullptr);
  ASSERT_EQ(top.size(), 4u);
  EXPECT_EQ(top[0].item, 3u);
  EXPECT_DOUBLE_EQ(top[0].score, std::log(3.0));
  EXPECT_EQ(top[1].item, 0u);
  EXPECT_EQ(top[2].item, 1u);
  EXPECT_EQ(top[3], (ScoredItem{2, 0}));
  EXPECT_EQ(model->encode({})->top(10, nullptr), top);
}

TEST(Popularity, OffersOnlyAllowedItems) {
  const auto model = Popularity::train(make_data(4, {{3, 1, 3, 0}}), make_catalogue(4));
  ItemSet allowed(4);
  allowed.insert(1);
  allowed.insert(2);
  const auto top = model->encode({})->top(1, &allowed);
  ASSERT_EQ(top.size(), 1u);
  EXPECT_EQ(top[0].item, 1u);
}

TEST(Popularity, TakesMomentsOverOneGroupOfItems) {
  const auto model = Popularity::train(make_data(4, {{0, 0, 0, 1, 2, 3, 3}}), make_catalogue(4, {3}));
  const auto searchable = model->encode({})->moments(ItemGroup::kSearchable);
  const double a = std::log(4.0), b = std::log(2.0);
  const double mean = (a + 2 * b) / 3;
  EXPECT_NEAR(searchable.mean, mean, 1e-12);
  EXPECT_NEAR(searchable.deviation, std::sqrt(((a - mean) * (a - mean) + 2 * (b - mean) * (b - mean)) / 3),
              1e-12);
  const auto queries = model->encode({})->moments(ItemGroup::kQueries);
  EXPECT_NEAR(queries.mean, std::log(3.0), 1e-12);
  EXPECT_NEAR(queries.deviation, 0, 1e-7);
}

TEST(Popularity, TakesPriorWeightsWhereThereIsNoEventAtAll) {
  std::vector<Item> items(3);
  for (std::size_t i = 0; i < 3; ++i) items[i].id = std::string(1, static_cast<char>('a' + i));
  items[1].weight = 4;
  items[2].weight = 9;
  const Catalogue catalogue(std::move(items));
  TrainingData none;
  none.item_count = 3;
  const auto model = Popularity::train(none, catalogue);
  EXPECT_EQ(model->encode({})->top(1, nullptr)[0].item, 2u);
  TrainingData some = none;
  const ItemId seen[] = {0};
  const float once[] = {1};
  some.append(seen, once);
  EXPECT_EQ(Popularity::train(some, catalogue)->counts()[2], 0);
}

TEST(Popularity, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(4);
  const auto model = Popularity::train(make_data(4, {{3, 1, 3, 0}}), catalogue);
  model->save(folder / "p.safetensors");
  const auto again = Popularity::open(folder / "p.safetensors", catalogue);
  EXPECT_EQ(again->encode({})->top(4, nullptr), model->encode({})->top(4, nullptr));
}

TEST(Popularity, RefusesAFileOfAnotherCatalogueOrWithNegativeCounts) {
  const testing::TemporaryFolder folder;
  Popularity::train(make_data(4, {{3}}), make_catalogue(4))->save(folder / "p.safetensors");
  EXPECT_THROW(Popularity::open(folder / "p.safetensors", make_catalogue(5)), Error);
  SafetensorsWriter writer;
  writer.add("counts", {2}, std::vector<float>{1, -1});
  writer.write(folder / "n.safetensors");
  EXPECT_THROW(Popularity::open(folder / "n.safetensors", make_catalogue(2)), Error);
}

TEST(Popularity, WorksWithoutEventsAndWithoutItems) {
  const auto silent = Popularity::train(make_data(2, {}), make_catalogue(2));
  EXPECT_EQ(silent->encode({})->top(5, nullptr).size(), 2u);
  EXPECT_EQ(silent->encode({})->moments(ItemGroup::kSearchable).deviation, 0);
  const auto empty = Popularity::train(make_data(0, {}), make_catalogue(0));
  EXPECT_TRUE(empty->encode({})->top(5, nullptr).empty());
}

}  // namespace
}  // namespace segue::index
