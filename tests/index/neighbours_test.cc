// What all three kinds of neighbours promise: one test body over each of them.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <numeric>

#include "index/model/item_neighbours.h"
#include "index/model/session_neighbours.h"
#include "index/model/transitions.h"
#include "index/model/user_neighbours.h"
#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/neighbour_fixtures.h"

namespace segue::index {
namespace {

using testing::all_scores;
using testing::make_catalogue;
using testing::make_data;

using Model = std::unique_ptr<SessionModel>;

/// A kind of model with its defaults.
struct Kind {
  const char* name;
  std::function<Model(const TrainingData&, const Catalogue&, std::size_t threads)> train;
  std::function<void(const SessionModel&, const std::filesystem::path&)> save;
  std::function<Model(const std::filesystem::path&, const Catalogue&)> open;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

template <class Of>
Kind kind(const char* name, std::function<Model(const TrainingData&, const Catalogue&, std::size_t)> train) {
  return {name, std::move(train),
          [](const SessionModel& model, const std::filesystem::path& file) {
            dynamic_cast<const Of&>(model).save(file);
          },
          [](const std::filesystem::path& file, const Catalogue& catalogue) -> Model {
            return Of::open(file, catalogue);
          }};
}

std::vector<Kind> kinds() {
  return {
      kind<ItemNeighbours>("item",
                           [](const TrainingData& data, const Catalogue& catalogue, std::size_t threads) {
                             kernels::ThreadPool pool(threads);
                             Progress progress;
                             return ItemNeighbours::train(data, {}, catalogue, pool, progress);
                           }),
      kind<UserNeighbours>("user", [](const TrainingData& data, const Catalogue& catalogue,
                                      std::size_t) { return UserNeighbours::train(data, {}, catalogue); }),
      kind<SessionNeighbours>("session",
                              [](const TrainingData& data, const Catalogue& catalogue, std::size_t) {
                                return SessionNeighbours::train(data, {}, catalogue);
                              }),
      kind<Transitions>("transitions",
                        [](const TrainingData& data, const Catalogue& catalogue, std::size_t threads) {
                          kernels::ThreadPool pool(threads);
                          Progress progress;
                          return Transitions::train(data, {}, catalogue, pool, progress);
                        })};
}

class EveryNeighbours : public ::testing::TestWithParam<Kind> {
 protected:
  Model train(const TrainingData& data, const Catalogue& catalogue, std::size_t threads = 1) const {
    return GetParam().train(data, catalogue, threads);
  }
};

TEST_P(EveryNeighbours, RanksByTheScoresItGives) {
  const auto catalogue = make_catalogue(30, {3, 9, 20});
  const auto model = train(testing::random_sequences(30, 60, 1), catalogue);
  const std::vector<ItemId> session{1, 2, 9, 4};
  const auto encoded = model->encode(session);
  ASSERT_NE(encoded, nullptr);
  const auto scores = all_scores(*encoded, 30);
  ItemSet allowed = catalogue.searchable();
  allowed.erase(7);
  for (const ItemSet* filter :
       {static_cast<const ItemSet*>(nullptr), static_cast<const ItemSet*>(&allowed)}) {
    std::vector<ScoredItem> expected;
    for (ItemId i = 0; i < 30; ++i) {
      if (scores[i] > 0 && (filter == nullptr || filter->contains(i))) expected.push_back({i, scores[i]});
    }
    std::sort(expected.begin(), expected.end(), ranks_before);
    ASSERT_GT(expected.size(), 6u);
    expected.resize(6);
    EXPECT_EQ(encoded->top(6, filter), expected);
  }
  const std::vector<ItemId> asked{7, 99, 0};
  std::vector<double> some(3);
  encoded->score(asked, some);
  EXPECT_EQ(some, (std::vector<double>{scores[7], 0, scores[0]}));
}

TEST_P(EveryNeighbours, HasTheMomentsOfItsScores) {
  const auto catalogue = make_catalogue(30, {3, 9, 20});
  const auto model = train(testing::random_sequences(30, 60, 2), catalogue);
  const std::vector<ItemId> session{1, 2, 9};
  const auto encoded = model->encode(session);
  const auto scores = all_scores(*encoded, 30);
  for (const auto group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
    const ItemSet& items = group == ItemGroup::kQueries ? catalogue.queries() : catalogue.searchable();
    const double n = static_cast<double>(items.count());
    double mean = 0, variance = 0;
    for (ItemId i = 0; i < 30; ++i) mean += items.contains(i) ? scores[i] / n : 0;
    for (ItemId i = 0; i < 30; ++i)
      variance += items.contains(i) ? (scores[i] - mean) * (scores[i] - mean) / n : 0;
    EXPECT_NEAR(encoded->moments(group).mean, mean, 1e-12 * (1 + mean));
    EXPECT_NEAR(encoded->moments(group).deviation, std::sqrt(variance), 1e-9 * (1 + mean));
  }
}

TEST_P(EveryNeighbours, SaysBecauseOfWhichItemsInPartsThatSumToTheScore) {
  const auto catalogue = make_catalogue(30);
  const auto model = train(testing::random_sequences(30, 80, 3), catalogue);
  const std::vector<ItemId> session{5, 1, 2, 1, 8, 4};
  const auto encoded = model->encode(session);
  for (const ScoredItem& hit : encoded->top(30, nullptr)) {
    const auto parts = encoded->because(hit.item, 100);
    ASSERT_FALSE(parts.empty());
    double sum = 0;
    for (const ScoredItem& part : parts) {
      EXPECT_NE(std::find(session.begin(), session.end(), part.item), session.end());
      EXPECT_GT(part.score, 0);
      sum += part.score;
    }
    EXPECT_NEAR(sum, hit.score, 1e-9 * hit.score);
    EXPECT_TRUE(std::is_sorted(parts.begin(), parts.end(), ranks_before));
    const auto first = encoded->because(hit.item, 1);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0], parts[0]);
  }
}

TEST_P(EveryNeighbours, GivesNoReasonForAnItemWithoutAScore) {
  const auto catalogue = make_catalogue(5);
  const auto model = train(make_data(5, {{0, 1}, {2, 3}}), catalogue);
  const std::vector<ItemId> session{0};
  EXPECT_TRUE(model->encode(session)->because(3, 5).empty());
  EXPECT_TRUE(model->encode(session)->because(4, 5).empty());
  EXPECT_TRUE(model->encode(session)->because(kNoItem, 5).empty());
}

TEST_P(EveryNeighbours, FindsThePlantedTaste) {
  constexpr ItemId kItems = 40;
  const auto catalogue = make_catalogue(kItems);
  const auto model = train(testing::two_tastes(kItems, 300, 4), catalogue);
  RandomStream random(5);
  for (int trial = 0; trial < 50; ++trial) {
    const ItemId taste = static_cast<ItemId>(trial % 2) * kItems / 2;
    std::vector<ItemId> session(3);
    for (ItemId& item : session) item = taste + testing::any_item(random, kItems / 2);
    for (const ScoredItem& hit : model->encode(session)->top(5, nullptr))
      EXPECT_EQ(hit.item / (kItems / 2), taste / (kItems / 2)) << hit.item;
  }
}

TEST_P(EveryNeighbours, TakesDataWithoutAnythingToLearn) {
  const auto none = make_catalogue(0);
  EXPECT_EQ(train(make_data(0, {}), none)->encode({}), nullptr);
  const auto catalogue = make_catalogue(3);
  for (const auto& data : {make_data(3, {}), make_data(3, {{}}), make_data(3, {{1}, {2}})}) {
    const auto model = train(data, catalogue);
    for (ItemId i = 0; i < 3; ++i) EXPECT_FALSE(model->knows(i));
    EXPECT_EQ(model->encode(std::vector<ItemId>{0, 1, 2}), nullptr);
  }
}

TEST_P(EveryNeighbours, LearnsFromOneUser) {
  const auto catalogue = make_catalogue(4);
  const auto model = train(make_data(4, {{0, 1, 2}}), catalogue);
  const std::vector<ItemId> session{0};
  const auto top = model->encode(session)->top(10, nullptr);
  ASSERT_GE(top.size(), 2u);
  for (const ItemId expected : {ItemId{1}, ItemId{2}}) {
    EXPECT_TRUE(std::any_of(top.begin(), top.end(), [&](const auto& hit) { return hit.item == expected; }));
  }
  EXPECT_FALSE(model->knows(3));
  EXPECT_FALSE(model->knows(kNoItem));
  const std::vector<ItemId> unknown{3, 77}, mixed{77, 0, 3};
  EXPECT_EQ(model->encode(unknown), nullptr);
  EXPECT_EQ(model->encode(mixed)->top(10, nullptr), top);
}

TEST_P(EveryNeighbours, TakesASessionOfTenThousandEvents) {
  RandomStream random(6);
  std::vector<ItemId> endless(10'000);
  for (ItemId& item : endless) item = testing::any_item(random, 300);
  const auto catalogue = make_catalogue(300);
  const auto model = train(make_data(300, {endless, {1, 2}, {2, 3}}), catalogue);
  const auto encoded = model->encode(endless);
  ASSERT_NE(encoded, nullptr);
  EXPECT_EQ(encoded->top(50, nullptr).size(), 50u);
  for (const double score : all_scores(*encoded, 300)) EXPECT_TRUE(std::isfinite(score));
}

TEST_P(EveryNeighbours, CostsWhatIsTouchedInACatalogueOfAMillion) {
  // Names are dear to make; ItemIds are all that models see.
  static const Catalogue catalogue = make_catalogue(1'000'000);
  const ItemId last = 999'999;
  const auto model = train(make_data(1'000'000, {{0, last}, {0, 500'000}}), catalogue);
  const std::vector<ItemId> session{0};
  const auto start = std::chrono::steady_clock::now();
  std::size_t hits = 0;
  for (int i = 0; i < 1000; ++i) hits += model->encode(session)->top(2, nullptr).size();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(hits, 2000u);
  EXPECT_LT(seconds.count(), 1.0);  // a pass over a million scores would take 0.5 ms or more each time
  EXPECT_TRUE(model->knows(last));
  EXPECT_FALSE(model->knows(last - 1));
}

TEST_P(EveryNeighbours, GivesTheSameBytesForAnyNumberOfThreads) {
  const testing::TemporaryFolder folder;
  const auto data = testing::random_sequences(500, 300, 7);
  const auto catalogue = make_catalogue(500);
  GetParam().save(*train(data, catalogue, 1), folder / "1.safetensors");
  GetParam().save(*train(data, catalogue, 3), folder / "3.safetensors");
  EXPECT_EQ(testing::bytes_of(folder / "1.safetensors"), testing::bytes_of(folder / "3.safetensors"));
}

TEST_P(EveryNeighbours, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(40);
  const auto model = train(testing::random_sequences(40, 60, 8), catalogue);
  GetParam().save(*model, folder / "m.safetensors");
  const auto again = GetParam().open(folder / "m.safetensors", catalogue);
  EXPECT_EQ(again->name(), model->name());
  const std::vector<ItemId> session{4, 7, 4, 30};
  EXPECT_EQ(again->encode(session)->top(40, nullptr), model->encode(session)->top(40, nullptr));
  EXPECT_EQ(again->encode(session)->because(9, 9), model->encode(session)->because(9, 9));
  GetParam().save(*again, folder / "again.safetensors");
  EXPECT_EQ(testing::bytes_of(folder / "m.safetensors"), testing::bytes_of(folder / "again.safetensors"));
}

/// Copies a file with one change: a tensor's element or a metadatum.
void damage(const std::filesystem::path& from, const std::filesystem::path& to, const std::string& tensor,
            std::int64_t value, const std::string& key, const std::string& text) {
  const auto file = Safetensors::open(from);
  SafetensorsWriter writer;
  for (const std::string& name : file->names()) {
    const auto shape = file->shape(name);
    const bool changed = name == tensor;
    if (name.ends_with("offsets")) {
      std::vector<std::int64_t> all(file->i64(name).begin(), file->i64(name).end());
      if (changed) all.back() = value;
      writer.add(name, shape, all);
    } else if (name.ends_with("weights") || name == "values") {
      std::vector<float> all(file->f32(name).begin(), file->f32(name).end());
      if (changed) all.front() = std::numeric_limits<float>::quiet_NaN();
      writer.add(name, shape, all);
    } else {
      std::vector<std::int32_t> all(file->i32(name).begin(), file->i32(name).end());
      if (changed) all.back() = static_cast<std::int32_t>(value);
      writer.add(name, shape, all);
    }
  }
  for (const char* name : {"preset",          "max_distance",  "distance_exponent",
                           "symmetry",        "row_exponent",  "column_exponent",
                           "history",         "decay",         "decay_rate",
                           "max_neighbours",  "max_items",     "weight_exponent",
                           "length_exponent", "asymmetry",     "shrink",
                           "idf_exponent",    "voters",        "max_sequences",
                           "match_decay",     "before_weight", "sample"}) {
    const std::string original = file->metadata(name);
    if (!original.empty()) writer.metadata(name, name == key ? text : original);
  }
  writer.write(to);
}

TEST_P(EveryNeighbours, RefusesADamagedFile) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(40);
  const auto good = folder / "good.safetensors";
  const auto bad = folder / "bad.safetensors";
  GetParam().save(*train(testing::random_sequences(40, 60, 9), catalogue), good);
  const auto refused = [&] {
    try {
      GetParam().open(bad, catalogue);
      return false;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("bad.safetensors"), std::string::npos) << error.what();
      return error.kind() == ErrorKind::kDamagedStore;
    }
  };
  damage(good, bad, "", 0, "", "");
  EXPECT_FALSE(refused());
  for (const std::string& tensor : Safetensors::open(good)->names()) {
    if (tensor == "common") continue;  // a count for people: any number opens
    for (const std::int64_t value : {-1, 1'000'000}) {
      damage(good, bad, tensor, value, "", "");
      EXPECT_TRUE(refused()) << tensor << ' ' << value;
    }
  }
  for (const char* text : {"", "x", "-3", "nan"}) {
    damage(good, bad, "", 0, "history", text);
    EXPECT_TRUE(refused()) << "history " << text;
  }
  damage(good, bad, "", 0, "history", "0");
  EXPECT_TRUE(refused());
  EXPECT_THROW(GetParam().open(good, make_catalogue(41)), Error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryNeighbours, ::testing::ValuesIn(kinds()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace segue::index
