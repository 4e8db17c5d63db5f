#include "index/model/content_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "index/model/content_placement.h"
#include "index/model/mf_model.h"
#include "index/model/transformer_model.h"
#include "index/model/transformer_trainer.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

constexpr std::size_t kThemes = 8;
constexpr std::size_t kPerTheme = 12;

/// Items of eight themes, three words of the theme in each title; whoever has seen an item of a theme goes on
/// with others of the theme. The last two items of each theme are hidden: nobody has touched them.
struct ThemeShop {
  Catalogue catalogue;
  TrainingData data;
  std::set<ItemId> hidden;

  static Catalogue make_items() {
    std::vector<Item> items = testing::items_of(testing::make_catalogue(kThemes * kPerTheme + 1));
    RandomStream random(5);
    for (std::size_t i = 0; i + 1 < items.size(); ++i) {
      items[i].title.clear();
      for (int w = 0; w < 3; ++w) {
        // Words without common trigrams, so that themes are apart.
        const auto word = static_cast<char>('a' + random.below(5));
        items[i].title += std::string(1, static_cast<char>('a' + i / kPerTheme)) +
                          std::string(1, static_cast<char>('a' + i / kPerTheme)) + std::string(2, word) + " ";
      }
    }
    items.back().title.clear();
    return Catalogue(std::move(items));
  }
  static ItemId any_of(RandomStream& random, std::size_t theme) {
    return static_cast<ItemId>(theme * kPerTheme + random.below(kPerTheme - 2));
  }

  ThemeShop() : catalogue(make_items()) {
    RandomStream random(6);
    data.item_count = catalogue.size();
    for (int s = 0; s < 400; ++s) {
      std::vector<ItemId> items;
      const std::size_t theme = random.below(kThemes);
      for (int e = 0; e < 6; ++e) items.push_back(any_of(random, theme));
      data.append(items, std::vector<float>(items.size(), 1.0f));
    }
    for (std::size_t t = 0; t < kThemes; ++t) {
      hidden.insert(static_cast<ItemId>(t * kPerTheme + kPerTheme - 2));
      hidden.insert(static_cast<ItemId>(t * kPerTheme + kPerTheme - 1));
    }
  }
};

/// The share of a model's ten best for sessions of one item of a theme that are of the theme, among the
/// hidden items: 2 of 16 are.
double found_hidden(const ThemeShop& shop, const SessionModel& model) {
  ItemSet allowed(shop.catalogue.size());
  for (const ItemId item : shop.hidden) allowed.insert(item);
  RandomStream random(9);
  double found = 0;
  constexpr int kSessions = 100;
  for (int s = 0; s < kSessions; ++s) {
    const std::size_t theme = random.below(kThemes);
    const std::vector<ItemId> items = {ThemeShop::any_of(random, theme)};
    const auto encoded = model.encode(items);
    if (!encoded) return -1;
    for (const ScoredItem& hit : encoded->top(2, &allowed)) found += hit.item / kPerTheme == theme ? 0.5 : 0;
  }
  return found / kSessions;
}

class ContentModelTest : public ::testing::Test {
 protected:
  std::shared_ptr<const ContentSpace> space_of(const Catalogue& catalogue,
                                               const ContentOptions& options = {}) {
    return std::make_shared<ContentSpace>(
        ContentSpace::train(catalogue, options, *backend_, pool_, progress_));
  }
  TransformerWeights transformer(const TrainingData& data) {
    TransformerOptions options;
    options.width = 16;
    options.layers = 1;
    options.feed_forward = 16;
    options.epochs = 8;
    options.negatives = 128;
    return train_transformer(data, options, *backend_, pool_, progress_);
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_F(ContentModelTest, ScoresByTheCosineWithTheProfile) {
  const ThemeShop shop;
  const ContentModel model(space_of(shop.catalogue, {.history = 2, .recency = 0.5}), nullptr, shop.catalogue,
                           *backend_);
  const ContentSpace& space = model.space();
  const std::vector<ItemId> items = {40, 3, 96, 17};  // 96 has no title and does not count
  const std::vector<std::string> texts = {"aabb aacc"};
  SessionView session(items);
  session.texts = texts;
  const std::vector<float> text = space.of_text(texts[0]);
  std::vector<double> profile(space.width());
  double squares = 0;
  for (std::size_t c = 0; c < profile.size(); ++c) {
    profile[c] = static_cast<double>(space.vectors()(17, c)) +
                 std::pow(2, -0.5) * static_cast<double>(space.vectors()(3, c)) +
                 static_cast<double>(text[c]);
    squares += profile[c] * profile[c];
  }
  const auto encoded = model.encode(session);
  std::vector<double> scores(shop.catalogue.size());
  encoded->score_all(scores);
  double sum = 0, sum_squares = 0;
  for (ItemId i = 0; i < scores.size(); ++i) {
    double expected = 0;
    for (std::size_t c = 0; c < profile.size() && i != 96; ++c)
      expected += profile[c] / std::sqrt(squares) * static_cast<double>(space.vectors()(i, c));
    EXPECT_NEAR(scores[i], expected, 1e-5);
    sum += expected;
    sum_squares += expected * expected;
  }
  const auto n = static_cast<double>(scores.size());
  EXPECT_NEAR(encoded->moments(ItemGroup::kSearchable).mean, sum / n, 1e-5);
  EXPECT_NEAR(encoded->moments(ItemGroup::kSearchable).deviation,
              std::sqrt(sum_squares / n - sum / n * sum / n), 1e-5);
  EXPECT_FALSE(model.knows(96));
  EXPECT_TRUE(model.knows(95));
}

TEST_F(ContentModelTest, SaysBecauseOfWhichItemsItRanksAnother) {
  const ThemeShop shop;
  const ContentModel model(space_of(shop.catalogue), nullptr, shop.catalogue, *backend_);
  const std::vector<ItemId> items = {40, 3, 41, 3, 96};
  const auto encoded = model.encode(items);
  const std::vector<ScoredItem> reasons = encoded->because(5, 10);
  ASSERT_EQ(reasons.size(), 3u);  // each once, and none for what says nothing
  EXPECT_EQ(reasons.front().item, 3u);
  double sum = 0;
  for (const ScoredItem& reason : reasons) sum += reason.score;
  double score = 0;
  const ItemId asked[] = {5};
  encoded->score(asked, {&score, 1});
  EXPECT_NEAR(sum, score, 1e-5);
  EXPECT_EQ(encoded->because(5, 1).size(), 1u);
  EXPECT_TRUE(encoded->because(96, 10).empty());
}

TEST_F(ContentModelTest, KnowsSessionsOfTextsAloneAndNoneOfNothing) {
  const ThemeShop shop;
  const ContentModel model(space_of(shop.catalogue), nullptr, shop.catalogue, *backend_);
  SessionView session;
  EXPECT_EQ(model.encode(session), nullptr);
  const std::vector<ItemId> mute = {96};
  EXPECT_EQ(model.encode(mute), nullptr);
  const std::vector<std::string> texts = {std::string(shop.catalogue.title(95))};
  session.texts = texts;
  const auto encoded = model.encode(session);
  ASSERT_NE(encoded, nullptr);
  EXPECT_EQ(encoded->top(1, nullptr).front().item / kPerTheme, kThemes - 1);
}

TEST_F(ContentModelTest, FindsItemsThatNobodyHasTouched) {
  const ThemeShop shop;
  const ContentModel model(space_of(shop.catalogue), nullptr, shop.catalogue, *backend_);
  EXPECT_GT(found_hidden(shop, model), 0.95);
}

TEST_F(ContentModelTest, PlacesHiddenItemsInTheTransformer) {
  const ThemeShop shop;
  const TransformerWeights weights = transformer(shop.data);
  const auto space = space_of(shop.catalogue);
  const TransformerModel bare(weights, nullptr, shop.catalogue, *backend_);
  EXPECT_FALSE(bare.knows(*shop.hidden.begin()));
  const std::vector<float> events = event_counts(shop.data);
  const TransformerModel placed(place_by_content(weights, *space, events, {}, *backend_), nullptr,
                                shop.catalogue, *backend_);
  for (const ItemId item : shop.hidden) EXPECT_TRUE(placed.knows(item));
  EXPECT_FALSE(placed.knows(96));  // says nothing
  EXPECT_GT(found_hidden(shop, placed), 0.9);
  // What was there keeps its bytes, and takes part as before.
  for (const ItemId item : weights.vocabulary()) {
    const auto before = weights.items().row_span(weights.row(item));
    const TransformerWeights& after = placed.weights();
    EXPECT_TRUE(std::ranges::equal(before, after.items().row_span(after.row(item))));
  }
  // A session of a hidden item leads to its theme.
  const std::vector<ItemId> session = {*shop.hidden.rbegin()};
  EXPECT_EQ(placed.encode(session)->top(1, nullptr).front().item / kPerTheme, kThemes - 1);
}

TEST_F(ContentModelTest, PlacesHiddenItemsInTheFactorisation) {
  const ThemeShop shop;
  const auto space = space_of(shop.catalogue);
  const auto mf = MatrixFactorization::train(shop.data, {.factors = 12}, *backend_, pool_, progress_);
  const auto placed = place_by_content(mf, *space, event_counts(shop.data), {}, *backend_);
  EXPECT_EQ(placed.vocabulary().size(), kThemes * kPerTheme);
  EXPECT_GT(found_hidden(shop, MfModel(placed, nullptr, shop.catalogue, *backend_)), 0.9);
}

TEST_F(ContentModelTest, ShiftsItemsOfFewEventsTowardsTheirContent) {
  const ThemeShop shop;
  const auto space = space_of(shop.catalogue);
  const auto mf = MatrixFactorization::train(shop.data, {.factors = 12}, *backend_, pool_, progress_);
  const std::vector<ItemId> vocabulary(mf.vocabulary().begin(), mf.vocabulary().end());
  std::vector<float> events(shop.catalogue.size(), 10);
  const auto rows = [&](double prior) {
    return place_by_content(*space, vocabulary, mf.item_factors(), events, {.prior_events = prior},
                            *backend_);
  };
  const ItemPlaces none = rows(0), half = rows(10), nearly = rows(1e9);
  ASSERT_TRUE(none.mapped);
  ASSERT_EQ(none.vocabulary, nearly.vocabulary);
  double moved = 0;
  for (std::size_t i = 0; i < none.rows.size(); ++i) {
    EXPECT_NEAR(half.rows[i], (none.rows[i] + nearly.rows[i]) / 2, 1e-4);
    moved += std::fabs(static_cast<double>(half.rows[i] - none.rows[i]));
  }
  EXPECT_GT(moved, 0.1);
}

TEST_F(ContentModelTest, LeavesModelsAloneWhereContentSaysNothingAboutBehaviour) {
  const ThemeShop shop;
  std::vector<Item> items = testing::items_of(shop.catalogue);
  RandomStream random(21);
  for (Item& item : items) {
    item.title.clear();
    for (int letter = 0; letter < 6; ++letter) item.title += static_cast<char>('a' + random.below(26));
  }
  const Catalogue scrambled(std::move(items));
  const TransformerWeights weights = transformer(shop.data);
  const auto placed = place_by_content(weights, *space_of(scrambled), event_counts(shop.data),
                                       {.prior_events = 5}, *backend_);
  EXPECT_TRUE(std::ranges::equal(placed.vocabulary(), weights.vocabulary()));
}

}  // namespace
}  // namespace segue::index
