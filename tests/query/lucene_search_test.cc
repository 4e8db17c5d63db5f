#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "query/lucene/text_search.h"
#include "tests/query/lucene_reference.h"
#include "tests/query/lucene_trees.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::ItemSet;
using index::ScoredItem;
using index::testing::Indexed;
using index::testing::item;
using index::testing::numbered;
using syntax::Occur;
using testing::all_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::node;
using testing::phrase;
using testing::term;

// Ids of the hits, in order.
std::vector<std::string> ids(const Indexed& indexed, const syntax::Node& tree,
                             const OperatorScores& operators = {}) {
  std::vector<std::string> found;
  for (const ScoredItem& hit : TextSearch(*indexed.index).search(tree, operators, nullptr, 100).items) {
    found.emplace_back(indexed.catalogue.id(hit.item));
  }
  return found;
}

TEST(TextSearch, AgreesWithTheNaiveReadingOnRandomTrees) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 4; ++round) {
    const Indexed indexed(index::testing::random_items(200, 30, random));
    const index::Bm25Parameters parameters = {0.4 + 0.4 * round, 0.15 * round};
    const TextSearch search(*indexed.index, parameters);
    for (int t = 0; t < 150; ++t) {
      testing::RandomTrees trees(indexed.catalogue.size(), random);
      const syntax::Node tree = trees.tree(3);
      const OperatorScores operators = trees.operator_scores(tree);
      ItemSet allowed(indexed.catalogue.size());
      for (ItemId i = 0; i < allowed.size(); ++i) {
        if (random() % 4 != 0) allowed.insert(i);
      }
      const ItemSet* filter = random() % 2 == 0 ? &allowed : nullptr;
      const std::size_t k = random() % 2 == 0 ? 7 : 1000;
      SCOPED_TRACE(syntax::print(tree));

      const testing::Reference reference(indexed.catalogue, operators, parameters);
      const std::vector<ScoredItem> expected = reference.ranking(tree, filter);
      const TextHits hits = search.search(tree, operators, filter, k);
      ASSERT_EQ(hits.total, expected.size());
      ASSERT_EQ(hits.items.size(), std::min(k, expected.size()));
      EXPECT_TRUE(std::is_sorted(hits.items.begin(), hits.items.end(), index::ranks_before));
      for (std::size_t i = 0; i < hits.items.size(); ++i) {
        ASSERT_NEAR(hits.items[i].score, expected[i].score, 1e-9);
        ASSERT_NEAR(hits.items[i].score, *reference.score(tree, hits.items[i].item), 1e-9);
      }

      const ItemSet matched = search.matches(tree, operators);
      for (ItemId i = 0; i < matched.size(); ++i) {
        ASSERT_EQ(matched.contains(i), reference.score(tree, i).has_value());
      }
    }
  }
}

TEST(TextSearch, GivesWordsTheSameScoresAloneAndAmongOtherClauses) {
  std::mt19937_64 random(5);
  const Indexed indexed(index::testing::random_items(500, 30, random));
  const TextSearch search(*indexed.index);
  const syntax::Node words =
      all_of({{Occur::kShould, term("w1")}, {Occur::kShould, term("w2", "title", 2)}}, 3);
  const syntax::Node among = all_of({{Occur::kShould, words}, {Occur::kMustNot, term("nowhere")}});
  const TextHits direct = search.search(words, {}, nullptr, 500);
  const TextHits lowered = search.search(among, {}, nullptr, 500);
  ASSERT_GT(direct.total, 10u);
  EXPECT_EQ(direct.items, lowered.items);
}

TEST(TextSearch, BreaksTiesByTheBytesOfTheIdsInEveryShapeOfQuery) {
  std::vector<index::Item> items;
  for (std::size_t i = 99; i >= 10; --i) items.push_back(item(numbered("id", i), "red heart lantern white"));
  for (std::size_t i = 0; i < 300; ++i)
    items.push_back(item(numbered("other", i), i % 3 == 0 ? "red" : i % 3 == 1 ? "heart" : "lantern"));
  const Indexed indexed(std::move(items));
  std::vector<syntax::Clause> clauses;
  for (const char* word : {"lantern", "red", "heart", "white"})
    clauses.push_back({Occur::kShould, term(word)});
  clauses.push_back({Occur::kShould, phrase("red heart")});
  const TextHits hits = TextSearch(*indexed.index).search(all_of(clauses), {}, nullptr, 20);
  ASSERT_EQ(hits.items.size(), 20u);
  for (std::size_t i = 0; i < hits.items.size(); ++i) {
    EXPECT_EQ(indexed.catalogue.id(hits.items[i].item), numbered("id", 10 + i));
    EXPECT_EQ(hits.items[i].score, hits.items[0].score);
  }
}

TEST(TextSearch, CountsNoQueriesInItsStatisticsAndFiltersChangeNoScore) {
  const std::vector<index::Item> shop = {item("a", "red lamp"), item("b", "lamp"), item("c", "blue heart")};
  std::vector<index::Item> with_queries = shop;
  for (std::size_t i = 0; i < 50; ++i)
    with_queries.push_back(item(numbered("q", i), "red lamp", "", "query"));
  const Indexed plain(shop);
  const Indexed mixed(with_queries);
  const syntax::Node tree = all_of({{Occur::kShould, term("red")}, {Occur::kMust, phrase("red lamp")}});
  const TextHits expected = TextSearch(*plain.index).search(tree, {}, nullptr, 10);
  const TextHits found = TextSearch(*mixed.index).search(tree, {}, &mixed.catalogue.searchable(), 10);
  ASSERT_EQ(found.items.size(), 1u);
  EXPECT_EQ(found.total, 1u);
  EXPECT_DOUBLE_EQ(found.items[0].score, expected.items[0].score);
}

TEST(TextSearch, MatchesNothingWithoutAPositiveClause) {
  const Indexed indexed({item("a", "red lamp"), item("b", "blue lamp")}, "english");
  EXPECT_THAT(ids(indexed, all_of({{Occur::kMustNot, term("red")}})), IsEmpty());
  EXPECT_THAT(ids(indexed, all_of({})), IsEmpty());
  EXPECT_THAT(ids(indexed, all_of({{Occur::kMust, term("lamp")},
                                   {Occur::kMust, all_of({{Occur::kMustNot, term("red")}})}})),
              IsEmpty());
  EXPECT_THAT(
      ids(indexed, all_of({{Occur::kShould, node(syntax::MatchAll{})}, {Occur::kMustNot, term("red")}})),
      ElementsAre("b"));
}

TEST(TextSearch, DropsClausesOfStopWordsAsTheClassicParserDoes) {
  const Indexed indexed({item("a", "the red lamp"), item("b", "blue lamps")}, "english");
  EXPECT_THAT(ids(indexed, term("the")), IsEmpty());
  EXPECT_THAT(ids(indexed, all_of({{Occur::kMust, term("the")}, {Occur::kMust, term("Lamps")}})),
              ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, all_of({{Occur::kMust, all_of({{Occur::kMust, term("of")}})},
                                   {Occur::kMust, term("blue")}})),
              ElementsAre("b"));
  EXPECT_THAT(ids(indexed, all_of({{Occur::kMust, all_of({})}, {Occur::kMust, term("blue")}})), IsEmpty());
}

TEST(TextSearch, ReadsATermOfSeveralTokensAsAPhrase) {
  const Indexed indexed({item("a", "wi fi router"), item("b", "fi wi router")}, "english");
  EXPECT_THAT(ids(indexed, term("Wi-Fi")), ElementsAre("a"));
}

TEST(TextSearch, KeepsHolesOfStopWordsInPhrases) {
  const Indexed indexed(
      {item("a", "state of the art"), item("b", "state art"), item("c", "state of modern art")}, "english");
  EXPECT_THAT(ids(indexed, phrase("state of the art")), ElementsAre("a", "c"));
  EXPECT_THAT(ids(indexed, phrase("state art")), ElementsAre("b"));
  EXPECT_THAT(ids(indexed, phrase("the state")), ElementsAre("a", "b", "c"));
}

TEST(TextSearch, ScoresSloppyPhrasesByTheirMoves) {
  const Indexed indexed(
      {item("a", "red heart x y"), item("b", "red big heart x"), item("c", "heart red x y")});
  EXPECT_THAT(ids(indexed, phrase("red heart", 1)), ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, phrase("red heart", 2)), ElementsAre("a", "b", "c"));
}

TEST(TextSearch, LowersPatternsButDoesNotStemThem) {
  const Indexed indexed({item("a", "running shoes"), item("b", "runner")}, "english");
  EXPECT_THAT(ids(indexed, node(syntax::Prefix{"RUN"})), ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, node(syntax::Prefix{"running"})), IsEmpty());
  EXPECT_THAT(ids(indexed, node(syntax::Wildcard{"R?nn*"})), ElementsAre("b"));
  EXPECT_THAT(ids(indexed, node(syntax::Fuzzy{"Runnar", 0.6})), ElementsAre("b"));
}

TEST(TextSearch, FindsValuesOfAttributesExactly) {
  index::Item a = item("a", "x");
  a.attributes = {
      {"tags", std::vector<std::string>{"Home Lighting", "white"}}, {"price", 2.5}, {"sale", true}};
  index::Item b = item("b", "x");
  b.attributes = {{"tags", std::vector<std::string>{"white*"}}, {"price", -1.0}, {"sale", false}};
  const Indexed indexed({a, b, item("c", "x")});
  EXPECT_THAT(ids(indexed, phrase("Home Lighting", 0, "tags")), ElementsAre("a"));
  EXPECT_THAT(ids(indexed, term("home lighting", "tags")), IsEmpty());
  EXPECT_THAT(ids(indexed, node(syntax::Wildcard{"white\\*"}, "tags")), ElementsAre("b"));
  EXPECT_THAT(ids(indexed, node(syntax::Prefix{"white"}, "tags")), ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, term("+2.50", "price")), ElementsAre("a"));
  EXPECT_THAT(ids(indexed, node(syntax::Range{"*", "0", true}, "price")), ElementsAre("b"));
  EXPECT_THAT(ids(indexed, node(syntax::Prefix{""}, "price")), ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, node(syntax::Wildcard{"*"}, "sale")), ElementsAre("a", "b"));
  EXPECT_THAT(ids(indexed, term("c", "id")), ElementsAre("c"));
  EXPECT_THAT(ids(indexed, term("x", "nothing")), IsEmpty());
  EXPECT_THAT(ids(indexed, node(syntax::Prefix{""}, "nothing")), IsEmpty());
}

TEST(TextSearch, ScoresOperatorsAsClauses) {
  const Indexed indexed({item("a", "red"), item("b", "blue"), item("c", "red"), item("d", "green")});
  syntax::Node tree = all_of(
      {{Occur::kShould, node(syntax::Operator{"session", {}, {}}, {}, 2)}, {Occur::kShould, term("green")}});
  const syntax::Node* session = &std::get<syntax::Boolean>(tree.expression).clauses[0].node;
  const OperatorScores scores = {{session, {{indexed.id("a"), 0.9}, {indexed.id("c"), 1.0}}}};
  const TextHits hits = TextSearch(*indexed.index).search(tree, scores, nullptr, 10);
  ASSERT_EQ(hits.items.size(), 3u);
  EXPECT_EQ(hits.items[0], (ScoredItem{indexed.id("c"), 2.0}));
  EXPECT_EQ(hits.items[1], (ScoredItem{indexed.id("a"), 1.8}));
  EXPECT_THAT(ids(indexed, tree), ElementsAre("d"));  // an operator without scores matches nothing
}

TEST(TextSearch, AnswersManyThreadsAtOnce) {
  std::mt19937_64 random(23);
  const Indexed indexed(index::testing::random_items(400, 30, random), "simple",
                        {.postings_cache_bytes = 8000});
  const TextSearch search(*indexed.index);
  std::vector<syntax::Node> trees;
  std::vector<OperatorScores> operators;
  testing::RandomTrees maker(indexed.catalogue.size(), random);
  for (int i = 0; i < 60; ++i) trees.push_back(maker.tree(3));
  std::vector<std::vector<ScoredItem>> expected;
  for (const syntax::Node& tree : trees) {
    operators.push_back(maker.operator_scores(tree));
    expected.push_back(search.search(tree, operators.back(), nullptr, 50).items);
  }
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < trees.size(); ++i) {
        const std::size_t which = (i * 13 + t * 7) % trees.size();
        if (search.search(trees[which], operators[which], nullptr, 50).items != expected[which]) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST(TextSearch, SurvivesOddInput) {
  const Indexed indexed({item("a", "red lamp"), item("b", std::string(20000, 'x') + " y")});
  const TextSearch search(*indexed.index);
  EXPECT_THAT(ids(indexed, term(std::string(20000, 'x'))), ElementsAre("b"));
  EXPECT_THAT(ids(indexed, term(std::string(20000, 'z'))), IsEmpty());
  for (const std::string& text :
       {std::string("\xff\xfe"), std::string("red\xff"), std::string(1, '\0'), std::string("\xef\xbf\xbf")}) {
    for (const char* field : {"_all", "id", "nothing"}) {
      for (const syntax::Node& odd :
           {term(text, field), phrase(text + " " + text, 3, field), node(syntax::Prefix{text}, field),
            node(syntax::Wildcard{text + "*?\\"}, field), node(syntax::Fuzzy{text, 0}, field),
            node(syntax::Range{text, text, false}, field), node(syntax::Words{text}, field)}) {
        EXPECT_LE(search.search(odd, {}, nullptr, 10).total, 2u);
        search.check(odd);
      }
    }
  }
  EXPECT_EQ(search.search(term("red"), {}, nullptr, 0).total, 1u);
  EXPECT_THAT(search.search(term("red"), {}, nullptr, 0).items, IsEmpty());
  EXPECT_EQ(search.search(phrase("red lamp"), {}, nullptr, std::size_t{1} << 60).items.size(), 1u);
}

TEST(TextSearch, TakesATreeOfThousandsOfClauses) {
  std::vector<index::Item> items;
  for (std::size_t i = 0; i < 1500; ++i) items.push_back(item(numbered("id", i), numbered("w", i)));
  const Indexed indexed(std::move(items));
  std::vector<syntax::Clause> clauses;
  for (std::size_t i = 0; i < 1500; ++i) clauses.push_back({Occur::kShould, term(numbered("w", i))});
  EXPECT_EQ(TextSearch(*indexed.index).search(all_of(clauses), {}, nullptr, 10).total, 1500u);
  for (std::size_t i = 0; i < 1500; ++i) clauses[i].node = node(syntax::Prefix{numbered("w", i)});
  EXPECT_EQ(TextSearch(*indexed.index).search(all_of(clauses), {}, nullptr, 10).total, 1500u);
}

TEST(TextSearch, OfNoItemsFindsNothing) {
  const Indexed indexed({});
  std::mt19937_64 random(1);
  testing::RandomTrees trees(0, random);
  for (int i = 0; i < 50; ++i) {
    const syntax::Node tree = trees.tree(2);
    EXPECT_EQ(TextSearch(*indexed.index).search(tree, trees.operator_scores(tree), nullptr, 10).total, 0u);
  }
}

TEST(TextSearch, NamesFieldsAndValuesThatCannotMatch) {
  index::Item a = item("a", "x");
  a.attributes = {{"price", 1.0}, {"sale", true}};
  const Indexed indexed({a});
  const TextSearch search(*indexed.index);
  const auto first = [&](syntax::Node tree) {
    tree.range = {3, 9};
    const auto found = search.check(all_of({{Occur::kMust, tree}}));
    EXPECT_LE(found.size(), 1u);
    if (found.empty()) return std::string("fine");
    EXPECT_EQ(found[0].range.begin, 3u);
    EXPECT_EQ(found[0].range.end, 9u);
    return (found[0].severity == syntax::Diagnostic::Severity::kWarning ? "warning: " : "error: ") +
           found[0].message + "; " + found[0].suggestion;
  };
  EXPECT_EQ(first(term("x", "prise")),
            "warning: no item has the field 'prise', so that this matches nothing; did you mean 'price'?");
  EXPECT_EQ(
      first(term("cheap", "price")),
      "error: the field 'price' holds numbers; found 'cheap'; write a number, or a range such as [1 TO 9.5]");
  EXPECT_THAT(first(node(syntax::Range{"1", "many", true}, "price")), ::testing::HasSubstr("'many'"));
  EXPECT_THAT(first(node(syntax::Prefix{"1"}, "price")), ::testing::HasSubstr("holds numbers"));
  EXPECT_THAT(first(term("yes", "sale")), ::testing::HasSubstr("true or false"));
  for (const syntax::Node& good :
       {term("1e3", "price"), node(syntax::Range{"*", "2", true}, "price"), term("true", "sale"),
        node(syntax::Prefix{""}, "sale"), node(syntax::MatchAll{}), term("y")}) {
    EXPECT_EQ(first(good), "fine");
  }
}

}  // namespace
}  // namespace segue::query
