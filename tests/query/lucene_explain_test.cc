#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "query/lucene/text_search.h"
#include "tests/query/lucene_trees.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::testing::Indexed;
using index::testing::item;
using syntax::Occur;
using testing::all_of;
using ::testing::IsEmpty;
using testing::node;
using testing::phrase;
using testing::term;

TEST(Explain, LeavesAddUpToTheScoreThatSearchGives) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 4; ++round) {
    const Indexed indexed(index::testing::random_items(150, 30, random));
    const TextSearch search(*indexed.index);
    std::vector<ItemId> items(indexed.catalogue.size());
    for (ItemId i = 0; i < items.size(); ++i) items[i] = i;
    std::shuffle(items.begin(), items.end(), random);
    for (int t = 0; t < 150; ++t) {
      testing::RandomTrees trees(indexed.catalogue.size(), random);
      const syntax::Node tree = trees.tree(3);
      const OperatorScores operators = trees.operator_scores(tree);
      SCOPED_TRACE(syntax::print(tree));
      std::vector<double> scores(indexed.catalogue.size(), 0);
      for (const auto& hit : search.search(tree, operators, nullptr, 1000).items)
        scores[hit.item] = hit.score;

      const std::vector<ScoreBreakdown> breakdowns = search.explain(tree, operators, items);
      ASSERT_EQ(breakdowns.size(), items.size());
      for (std::size_t i = 0; i < items.size(); ++i) {
        ASSERT_NEAR(breakdowns[i].score, scores[items[i]], 1e-12 + 1e-9 * std::abs(scores[items[i]]));
        double sum = 0;
        for (const LeafScore& leaf : breakdowns[i].leaves) {
          sum += leaf.score;
          if (leaf.terms.empty()) continue;
          double terms = 0;
          for (const TermScore& part : leaf.terms) terms += part.score;
          ASSERT_NEAR(terms, leaf.score, 1e-12);
        }
        ASSERT_NEAR(sum, breakdowns[i].score, 1e-12);
      }
    }
  }
}

TEST(Explain, SaysAllThatWentIntoAWord) {
  const Indexed indexed(
      {item("a", "red red lamp"), item("b", "lamp"), item("c", "blue sea"), item("q", "red", "", "query")});
  const syntax::Node tree = all_of({{Occur::kMust, all_of({{Occur::kShould, term("red", "title", 3)}}, 2)}});
  const std::vector<ItemId> items = {indexed.id("b"), indexed.id("a")};
  const auto breakdowns = TextSearch(*indexed.index, {1.2, 0.5}).explain(tree, {}, items);
  EXPECT_THAT(breakdowns[0].leaves, IsEmpty());
  EXPECT_EQ(breakdowns[0].score, 0);
  ASSERT_EQ(breakdowns[1].leaves.size(), 1u);
  const auto& clause = std::get<syntax::Boolean>(tree.expression).clauses[0].node;
  EXPECT_EQ(breakdowns[1].leaves[0].node, &std::get<syntax::Boolean>(clause.expression).clauses[0].node);
  ASSERT_EQ(breakdowns[1].leaves[0].terms.size(), 1u);
  const TermScore& word = breakdowns[1].leaves[0].terms[0];
  EXPECT_EQ(word.field, "title");
  EXPECT_EQ(word.term, "red");
  EXPECT_EQ(word.frequency, 2);
  EXPECT_EQ(word.document_frequency, 1u);
  EXPECT_EQ(word.length, 3);
  EXPECT_EQ(word.boost, 6);
  EXPECT_DOUBLE_EQ(word.idf, std::log(1 + (3 - 1 + 0.5) / (1 + 0.5)));
  EXPECT_DOUBLE_EQ(word.score,
                   6 * word.idf * 2 / (2 + 1.2 * (1 - 0.5 + 0.5 * 3 / 2)));  // the average length is 2
  EXPECT_DOUBLE_EQ(breakdowns[1].score, word.score);
}

TEST(Explain, ShowsPhrasesAndFuzzyWords) {
  const Indexed indexed({item("a", "red lamp red lamp"), item("b", "read lamp"), item("c", "blue")});
  const syntax::Node tree =
      all_of({{Occur::kShould, phrase("red lamp")}, {Occur::kShould, node(syntax::Fuzzy{"rea", 0.4})}});
  const std::vector<ItemId> items = {indexed.id("a"), indexed.id("b")};
  const auto breakdowns = TextSearch(*indexed.index).explain(tree, {}, items);
  ASSERT_EQ(breakdowns[0].leaves.size(), 2u);
  EXPECT_EQ(breakdowns[0].leaves[0].terms[0].term, "red lamp");
  EXPECT_EQ(breakdowns[0].leaves[0].terms[0].frequency, 2);
  EXPECT_EQ(breakdowns[0].leaves[0].terms[0].document_frequency, 1u);
  EXPECT_EQ(breakdowns[0].leaves[1].terms[0].term, "red");
  EXPECT_NEAR(breakdowns[0].leaves[1].terms[0].boost, 2.0 / 3, 1e-12);
  ASSERT_EQ(breakdowns[1].leaves.size(), 1u);
  EXPECT_EQ(breakdowns[1].leaves[0].terms[0].term, "read");
}

TEST(Explain, SilencesLeavesWhoseGroupDoesNotMatch) {
  const Indexed indexed({item("a", "red lamp")});
  const syntax::Node tree =
      all_of({{Occur::kShould, term("lamp")},
              {Occur::kShould, all_of({{Occur::kShould, term("red")}, {Occur::kMust, term("nowhere")}})}});
  const auto breakdowns = TextSearch(*indexed.index).explain(tree, {}, std::vector<ItemId>{0});
  ASSERT_EQ(breakdowns[0].leaves.size(), 2u);
  EXPECT_GT(breakdowns[0].leaves[0].score, 0);
  EXPECT_EQ(breakdowns[0].leaves[1].score, 0);
  EXPECT_EQ(breakdowns[0].leaves[1].terms[0].score, 0);
  EXPECT_EQ(breakdowns[0].score, breakdowns[0].leaves[0].score);
}

}  // namespace
}  // namespace segue::query
