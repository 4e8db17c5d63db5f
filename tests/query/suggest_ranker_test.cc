#include "query/suggest/suggest_ranker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "suggest_fixture.h"

namespace segue::query {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

SuggestSession typed(std::vector<std::string> texts) {
  SuggestSession session;
  for (std::string& text : texts) session.entries.push_back({std::move(text), index::kNoItem, true});
  return session;
}

SuggestSession looked_at(const SuggestShop& shop, std::vector<std::string> ids) {
  SuggestSession session;
  for (const std::string& id : ids) {
    session.entries.push_back({std::string(shop.catalogue().title(shop.item(id))), shop.item(id), false});
  }
  return session;
}

/// A scorer that knows some items and gives 0 to the others.
ModelEvidence knows(const SuggestShop& shop, std::vector<std::pair<std::string, double>> scores) {
  std::sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  ModelEvidence models;
  for (const auto& [id, z] : scores) models.best.push_back(shop.item(id));
  models.score = [&shop, scores](std::span<const index::ItemId> items, std::span<double> z) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      z[i] = 0;
      for (const auto& [id, score] : scores) {
        if (shop.item(id) == items[i]) z[i] = score;
      }
    }
  };
  return models;
}

const SuggestShop& lamps() {
  static const SuggestShop shop(
      {make_item("1", "item", "white lantern", 40.0), make_item("2", "item", "white metal lantern", 10.0),
       make_item("3", "item", "white heart", 90.0), make_item("4", "query", "white candle", 60.0),
       make_item("5", "item", "red heart", 95.0), make_item("6", "item", "wooden heart", 20.0),
       make_item("7", "query", "white", 5.0), make_item("8", "item", "whisk", 2.0)});
  return shop;
}

TEST(Suggest, WhereTwinsLoseTheHeadSaysMoreThanOneThing) {
  const SuggestShop shop(
      {make_item("1", "query", "white lantern", 900.0), make_item("2", "query", "lantern", 880.0),
       make_item("3", "query", "lantern white", 860.0), make_item("4", "query", "red heart", 600.0),
       make_item("5", "query", "candle", 500.0), make_item("6", "query", "heart", 5.0)});
  const auto ranked = [&](double twins, std::size_t size) {
    SuggestQuery query{"", size, nullptr, twins};
    return rank_suggestions(shop.table(), query, {});
  };
  const auto texts = [](const std::vector<SuggestionHit>& hits) {
    std::vector<std::string> found;
    for (const SuggestionHit& hit : hits) found.push_back(hit.folded);
    return found;
  };
  EXPECT_THAT(texts(ranked(0, 3)), ElementsAre("white lantern", "lantern", "lantern white"));
  const auto apart = ranked(0.2, 6);
  EXPECT_THAT(texts(apart),
              ElementsAre("white lantern", "red heart", "candle", "lantern", "lantern white", "heart"));
  for (std::size_t h = 0; h < apart.size(); ++h) {
    if (h > 0) {
      EXPECT_LE(apart[h].score, apart[h - 1].score);
    }
    EXPECT_NEAR(apart[h].score, apart[h].popularity.added + apart[h].diversity.added, 1e-12);
    EXPECT_NEAR(apart[h].diversity.added, -0.2 * apart[h].diversity.raw, 1e-12);
  }
  EXPECT_EQ(apart[3].diversity.raw, 1) << "all of it stands above";
  EXPECT_EQ(apart[2].diversity.raw, 0);
  EXPECT_THAT(texts(ranked(0.2, 2)), ElementsAre("white lantern", "red heart")) << "pages agree";
}

TEST(Suggest, WithoutASessionThePopularTextsThatBeginWithTheLettersComeFirst) {
  EXPECT_THAT(lamps().suggest("whit"),
              ElementsAre("white heart", "white candle", "white lantern", "white metal lantern", "white"));
  EXPECT_THAT(lamps().suggest("x"), ElementsAre());
}

TEST(Suggest, WithNothingTypedAndNoSessionPopularityAloneDecides) {
  EXPECT_THAT(lamps().suggest(""), ElementsAre("red heart", "white heart", "white candle", "white lantern",
                                               "wooden heart", "white metal lantern", "white", "whisk"));
}

TEST(Suggest, WithNothingTypedTheSessionDecides) {
  EXPECT_EQ(lamps().suggest("", typed({"lantern"})).front(), "white lantern");
  EXPECT_EQ(lamps().suggest("", {}, knows(lamps(), {{"8", 12.0}})).front(), "whisk");
}

TEST(Suggest, ABlankEndsTheWord) {
  EXPECT_THAT(lamps().suggest("white "), Not(Contains("white")));
  EXPECT_THAT(lamps().suggest("whi"), Contains("whisk"));
  EXPECT_THAT(lamps().suggest("whit "), ElementsAre());
}

TEST(Suggest, WordsOfASessionThatNoModelKnowsTurnTheOrder) {
  EXPECT_EQ(lamps().suggest("whi", typed({"iron lantern"})).front(), "white lantern");
  EXPECT_EQ(lamps().suggest("w", looked_at(lamps(), {"2"})).front(), "white lantern")
      << "a title looked at speaks too";
}

TEST(Suggest, WordsCountInAStoreWithoutAnyPopularity) {
  const SuggestShop shop({make_item("a", "item", "tea cup"), make_item("b", "item", "tea pot"),
                          make_item("c", "item", "tea towel")});
  EXPECT_THAT(shop.suggest("tea"), ElementsAre("tea cup", "tea pot", "tea towel"))
      << "equal ones by their ids' bytes, but "
         "for how much was typed";
  EXPECT_EQ(shop.suggest("tea", typed({"kitchen towel"})).front(), "tea towel");
}

TEST(Suggest, AWordCountsAlsoWithAnotherEnding) {
  EXPECT_EQ(lamps().suggest("whi", typed({"lanterns"})).front(), "white lantern");
  EXPECT_EQ(lamps().suggest("", typed({"wood lanter"})).front(), "white lantern");
  const SuggestShop shop({make_item("a", "item", "big tea", 9.0), make_item("b", "item", "big teak", 1.0)});
  EXPECT_EQ(shop.suggest("big", typed({"teak"})).front(), "big teak");
  EXPECT_EQ(shop.suggest("big", typed({"tea"})).front(), "big tea") << "short words have no endings";
}

TEST(Suggest, WhatWasSaidLastCountsMost) {
  const index::SuggestionTable& table = lamps().table();
  const SessionEvidence lantern_last = gather_evidence(table, typed({"heart", "lantern"}), {});
  const SessionEvidence heart_last = gather_evidence(table, typed({"lantern", "heart"}), {});
  const auto lantern = *table.find("white lantern");
  const auto heart = *table.find("wooden heart");
  EXPECT_GT(word_overlap(table, lantern, lantern_last), word_overlap(table, lantern, heart_last));
  EXPECT_GT(word_overlap(table, heart, heart_last), word_overlap(table, heart, lantern_last));
  EXPECT_DOUBLE_EQ(word_overlap(table, heart, lantern_last) / word_overlap(table, heart, heart_last),
                   SuggestOptions{}.recency);
}

TEST(Suggest, ARareWordTellsMoreThanACommonOne) {
  const index::SuggestionTable& table = lamps().table();
  const SessionEvidence evidence = gather_evidence(table, typed({"white metal"}), {});
  const SessionEvidence common = gather_evidence(table, typed({"white"}), {});
  const auto row = *table.find("white metal lantern");
  EXPECT_GT(word_overlap(table, row, evidence), 0.5);
  EXPECT_LT(word_overlap(table, row, common), 1.0 / 3);
  EXPECT_EQ(word_overlap(table, *table.find("red heart"), evidence), 0);
}

TEST(Suggest, ModelsTurnTheOrder) {
  EXPECT_EQ(lamps().suggest("white", {}, knows(lamps(), {{"2", 8.0}})).front(), "white metal lantern");
  EXPECT_EQ(lamps().suggest("white", {}, knows(lamps(), {{"3", -9.0}})).front(), "white candle");
}

TEST(Suggest, ATextTypedBeforeIsNotSuggestedAgainUnlessItIsBeingTyped) {
  EXPECT_THAT(lamps().suggest("whi", typed({"White Lantern"})), Not(Contains("white lantern")));
  EXPECT_THAT(lamps().suggest("white lantern", typed({"White Lantern"})), Contains("white lantern"));
  EXPECT_THAT(lamps().suggest("whi", looked_at(lamps(), {"1"})), Contains("white lantern"))
      << "a title that was looked at has not been typed";
}

TEST(Suggest, NoTextOfTheSessionIsItsOwnReason) {
  const SessionEvidence evidence = gather_evidence(lamps().table(), looked_at(lamps(), {"1"}), {});
  EXPECT_EQ(word_overlap(lamps().table(), *lamps().table().find("white lantern"), evidence), 0);
  EXPECT_GT(word_overlap(lamps().table(), *lamps().table().find("white metal lantern"), evidence), 0);
}

TEST(Suggest, TellsWhatEachPartAdded) {
  const SuggestOptions options;
  const SessionEvidence evidence =
      gather_evidence(lamps().table(), typed({"lantern"}), knows(lamps(), {{"2", 3.0}, {"3", -1.0}}));
  const auto hits = rank_suggestions(lamps().table(), {"white", 8, nullptr}, evidence);
  ASSERT_EQ(hits.size(), 5u);
  for (const SuggestionHit& hit : hits) {
    EXPECT_DOUBLE_EQ(hit.score, hit.popularity.added + hit.match.added + hit.model.added + hit.words.added);
    EXPECT_DOUBLE_EQ(hit.popularity.added, options.popularity * hit.popularity.raw);
    EXPECT_DOUBLE_EQ(hit.match.added, options.match * hit.match.raw);
    EXPECT_DOUBLE_EQ(hit.model.added, options.model * damped(hit.model.raw));
    EXPECT_DOUBLE_EQ(hit.words.added, options.words * hit.words.raw);
    const index::Suggestion row = lamps().table()[*lamps().table().find(hit.folded)];
    EXPECT_EQ(hit.item, row.item);
    EXPECT_EQ(hit.text, row.text);
    EXPECT_DOUBLE_EQ(hit.popularity.raw, row.weight);
  }
  EXPECT_EQ(hits[0].folded, "white metal lantern");
  EXPECT_EQ(hits[0].model.raw, 3);
}

TEST(MatchQuality, IsOneForTheWholeTextAndPrefersEndsOfWords) {
  EXPECT_EQ(match_quality("white lantern", "white lantern"), 1);
  EXPECT_EQ(match_quality("", "white"), 0);
  EXPECT_EQ(match_quality("white", "white lantern"), 0.5 + 0.5 * 5 / 13);
  EXPECT_EQ(match_quality("white ", "white lantern"), match_quality("white", "white lantern"));
  EXPECT_GT(match_quality("white", "white lantern"), match_quality("white", "whitening kit"));
  EXPECT_GT(match_quality("whi", "white"), match_quality("whi", "white lantern"));
}

TEST(Damped, KeepsOrderAndSignAndCountsTenDeviationsAsOne) {
  EXPECT_DOUBLE_EQ(damped(10), 1);
  EXPECT_EQ(damped(0), 0);
  EXPECT_DOUBLE_EQ(damped(-3), -damped(3));
  for (double z = -20; z < 20; z += 0.5) EXPECT_LT(damped(z), damped(z + 0.5));
}

TEST(Suggest, OrdersEqualScoresByItem) {
  const SuggestShop shop(
      {make_item("b", "item", "cup a"), make_item("a", "item", "cup b"), make_item("c", "item", "cup c")});
  EXPECT_THAT(shop.suggest("cup"), ElementsAre("cup b", "cup a", "cup c"));
}

TEST(Suggest, GivesNoMoreThanAskedForAndNothingFromAnEmptyTable) {
  const SuggestShop empty({});
  EXPECT_TRUE(empty.suggest("").empty());
  EXPECT_TRUE(empty.suggest("a", typed({"a"})).empty());
  EXPECT_EQ(rank_suggestions(lamps().table(), {"w", 2, nullptr}, {}).size(), 2u);
  EXPECT_TRUE(rank_suggestions(lamps().table(), {"w", 0, nullptr}, {}).empty());
}

}  // namespace
}  // namespace segue::query
