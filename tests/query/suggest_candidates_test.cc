#include "query/suggest/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "suggest_fixture.h"

namespace segue::query {
namespace {

using index::ItemSet;
using Row = index::SuggestionTable::Row;

const SuggestShop& market() {
  static const SuggestShop shop(random_items(6000, 400, 3));
  return shop;
}

/// Letters that some text begins with, of any length; few of them are long.
std::vector<std::string> prefixes() {
  std::vector<std::string> found = {""};
  for (std::size_t row = 0; row < market().table().size(); row += 61) {
    found.emplace_back(market().table()[row].folded.substr(0, 1 + row % 5));
  }
  return found;
}

SuggestSession session_of(std::vector<Row> rows) {
  SuggestSession session;
  for (const Row row : rows) {
    const index::Suggestion suggestion = market().table()[row];
    session.entries.push_back({std::string(suggestion.text), suggestion.item, false});
  }
  return session;
}

TEST(SuggestionCandidates, BeginWithTheLettersAreAllowedAndDiffer) {
  ItemSet allowed(market().catalogue().size());
  for (index::ItemId item = 0; item < allowed.size(); item += 3) allowed.insert(item);
  ModelEvidence models;
  for (index::ItemId item = 0; item < allowed.size(); item += 11) models.best.push_back(item);
  const SuggestOptions options{.heaviest = 20};
  const SessionEvidence evidence =
      gather_evidence(market().table(), session_of({5, 900, 2000}), models, options);
  for (const std::string& prefix : prefixes()) {
    const std::vector<Row> rows =
        suggestion_candidates(market().table(), prefix, evidence, &allowed, options);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    EXPECT_EQ(std::set<Row>(rows.begin(), rows.end()).size(), rows.size());
    for (const Row row : rows) {
      EXPECT_EQ(market().table()[row].folded.substr(0, prefix.size()), prefix);
      EXPECT_TRUE(allowed.contains(market().table().item_of(row)));
    }
  }
}

TEST(SuggestionCandidates, HoldTheMostPopularOfWhatAFilterLeavesHoweverStrictItIs) {
  const index::SuggestionTable& table = market().table();
  for (const std::size_t every : {1u, 2u, 7u, 50u, 900u, 100'000u}) {
    ItemSet allowed(market().catalogue().size());
    for (std::size_t item = 5; item < allowed.size(); item += every)
      allowed.insert(static_cast<index::ItemId>(item));
    for (const std::string& prefix : prefixes()) {
      const auto [first, last] = table.prefix_range(prefix);
      std::vector<Row> expected;
      for (const Row row : table.heaviest(first, last, table.size())) {
        if (expected.size() < 20 && allowed.contains(table.item_of(row))) expected.push_back(row);
      }
      const std::vector<Row> rows = suggestion_candidates(table, prefix, {}, &allowed, {.heaviest = 20});
      for (const Row row : expected)
        EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), row)) << every << prefix;
    }
  }
}

TEST(SuggestionCandidates, HoldALightTextThatTheModelsOrTheWordsSpeakFor) {
  std::vector<index::Item> items = random_items(3000, 50, 7);
  items.push_back(make_item("light", "item", "aa quokka", 0.0));
  items.push_back(make_item("known", "item", "aa something", 0.0));
  for (int i = 0; i < 500; ++i)
    items.push_back(make_item("h" + std::to_string(i), "item", "aa heavy " + std::to_string(i), 1e6));
  const SuggestShop shop(std::move(items));
  const auto light = *shop.table().find("aa quokka");
  const auto known = *shop.table().find("aa something");
  SuggestSession session;
  session.entries.push_back({"a quokka please", index::kNoItem, true});
  ModelEvidence models;
  models.best = {shop.item("known")};
  const SessionEvidence evidence = gather_evidence(shop.table(), session, models);
  const std::vector<Row> rows = suggestion_candidates(shop.table(), "aa", evidence, nullptr, {});
  EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), light));
  EXPECT_TRUE(std::binary_search(rows.begin(), rows.end(), known));
  const std::vector<Row> without = suggestion_candidates(shop.table(), "aa", {}, nullptr, {});
  EXPECT_FALSE(std::binary_search(without.begin(), without.end(), light));
  EXPECT_EQ(shop.suggest("aa", session).front(), "aa quokka");
}

TEST(SuggestionCandidates, LoseLittleAgainstRankingEverything) {
  const index::SuggestionTable& table = market().table();
  const SuggestOptions everything{.heaviest = table.size()};
  double kept = 0;
  double asked = 0;
  for (std::size_t s = 0; s < 30; ++s) {
    const auto row = [&](std::size_t i) { return static_cast<Row>((s * 977 + i * 331) % table.size()); };
    const SessionEvidence evidence = gather_evidence(table, session_of({row(0), row(1), row(2)}), {});
    for (const std::string& prefix : prefixes()) {
      const auto quick = rank_suggestions(table, {prefix, 8, nullptr}, evidence);
      const auto exact = rank_suggestions(table, {prefix, 8, nullptr}, evidence, everything);
      ASSERT_EQ(quick.size(), exact.size());
      for (const SuggestionHit& hit : exact) {
        kept += std::any_of(quick.begin(), quick.end(),
                            [&](const SuggestionHit& q) { return q.folded == hit.folded; });
        ++asked;
      }
    }
  }
  EXPECT_GT(kept / asked, 0.99);
}

}  // namespace
}  // namespace segue::query
