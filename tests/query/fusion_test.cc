#include "query/fusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>

namespace segue::query {
namespace {

using index::ItemId;
using index::ScoredItem;

Leg leg(std::string name, std::vector<ScoredItem> items) {
  return {std::move(name), std::move(items)};
}

std::vector<ItemId> order(const std::vector<FusedItem>& fused) {
  std::vector<ItemId> items;
  for (const FusedItem& item : fused) items.push_back(item.item);
  return items;
}

std::vector<ItemId> order(const Leg& one) {
  std::vector<ItemId> items;
  for (const ScoredItem& item : one.items) items.push_back(item.item);
  return items;
}

Leg random_leg(std::mt19937& random, std::size_t length) {
  std::map<ItemId, double> scores;
  while (scores.size() < length) scores[static_cast<ItemId>(random() % 200)] = static_cast<double>(random() % 20);
  Leg made;
  for (const auto& [item, score] : scores) made.items.push_back({item, score});
  std::sort(made.items.begin(), made.items.end(), index::ranks_before);
  return made;
}

TEST(ReciprocalRankFusion, AddsTheWeightedReciprocalOfEachRank) {
  const Leg legs[] = {leg("text", {{7, 9.5}, {3, 4.0}, {1, 2.0}}), leg("session", {{3, 0.9}, {5, 0.5}})};
  const double weights[] = {2, 0.5};
  const auto fused = reciprocal_rank_fusion(legs, weights, 10);
  ASSERT_EQ(order(fused), (std::vector<ItemId>{3, 7, 1, 5}));
  EXPECT_DOUBLE_EQ(fused[0].score, 2.0 / 12 + 0.5 / 11);
  EXPECT_DOUBLE_EQ(fused[1].score, 2.0 / 11);
  EXPECT_DOUBLE_EQ(fused[2].score, 2.0 / 13);
  EXPECT_DOUBLE_EQ(fused[3].score, 0.5 / 12);
}

TEST(ReciprocalRankFusion, TellsHowAnItemStoodInEachLegThatHoldsIt) {
  const Leg legs[] = {leg("text", {{7, 9.5}, {3, 4.0}}), leg("session", {{3, 0.9}})};
  const auto fused = reciprocal_rank_fusion(legs, {}, 60);
  ASSERT_EQ(fused[0].item, 3u);
  ASSERT_EQ(fused[0].shares.size(), 2u);
  EXPECT_EQ(fused[0].shares[0].leg, 0u);
  EXPECT_EQ(fused[0].shares[0].rank, 2u);
  EXPECT_EQ(fused[0].shares[0].raw, 4.0);
  EXPECT_DOUBLE_EQ(fused[0].shares[0].score, 1.0 / 62);
  EXPECT_EQ(fused[0].shares[1].leg, 1u);
  EXPECT_EQ(fused[0].shares[1].rank, 1u);
  ASSERT_EQ(fused[1].shares.size(), 1u);
  EXPECT_EQ(fused[1].shares[0].raw, 9.5);
}

TEST(ReciprocalRankFusion, WithWeightsOneAndZeroKeepsTheFirstLegsOrderExactly) {
  std::mt19937 random(4);
  for (int i = 0; i < 50; ++i) {
    const Leg legs[] = {random_leg(random, random() % 100), random_leg(random, random() % 100)};
    const double first[] = {1, 0};
    const double second[] = {0, 3};
    EXPECT_EQ(order(reciprocal_rank_fusion(legs, first)), order(legs[0]));
    EXPECT_EQ(order(reciprocal_rank_fusion(legs, second)), order(legs[1]));
  }
}

TEST(ReciprocalRankFusion, SumsItsSharesAndOrdersByScoreThenItem) {
  std::mt19937 random(6);
  for (int i = 0; i < 50; ++i) {
    const Leg legs[] = {random_leg(random, random() % 60), random_leg(random, random() % 60),
                        random_leg(random, 3)};
    const auto fused = reciprocal_rank_fusion(legs, {}, static_cast<double>(random() % 3));
    for (std::size_t f = 0; f < fused.size(); ++f) {
      double sum = 0;
      for (const LegShare& share : fused[f].shares) {
        EXPECT_EQ(legs[share.leg].items[share.rank - 1], (ScoredItem{fused[f].item, share.raw}));
        sum += share.score;
      }
      EXPECT_DOUBLE_EQ(fused[f].score, sum);
      if (f == 0) continue;
      EXPECT_TRUE(
          index::ranks_before({fused[f - 1].item, fused[f - 1].score}, {fused[f].item, fused[f].score}));
    }
  }
}

TEST(ReciprocalRankFusion, OrdersEqualScoresByItem) {
  const Leg legs[] = {leg("a", {{9, 1}, {4, 0.5}}), leg("b", {{4, 1}, {9, 0.5}}), leg("c", {})};
  const auto fused = reciprocal_rank_fusion(legs, {});
  ASSERT_EQ(order(fused), (std::vector<ItemId>{4, 9}));
  EXPECT_EQ(fused[0].score, fused[1].score);
}

TEST(ReciprocalRankFusion, TakesNoAccountOfTheOrderOfLegs) {
  std::mt19937 random(8);
  const Leg a = random_leg(random, 50);
  const Leg b = random_leg(random, 50);
  const Leg forward[] = {a, b};
  const Leg backward[] = {b, a};
  EXPECT_EQ(order(reciprocal_rank_fusion(forward, {})), order(reciprocal_rank_fusion(backward, {})));
}

TEST(ReciprocalRankFusion, ASmallKFavoursTheHeadsOfLegsAndALargeOneAgreement) {
  const Leg legs[] = {leg("a", {{1, 9}, {2, 8}, {3, 7}}), leg("b", {{4, 9}, {2, 8}, {3, 7}})};
  EXPECT_EQ(reciprocal_rank_fusion(legs, {}, 1).front().item, 2u) << "1/3 + 1/3 against 1/2";
  const double leaning[] = {1, 0.4};
  EXPECT_EQ(reciprocal_rank_fusion(legs, leaning, 0).front().item, 1u);
  EXPECT_EQ(reciprocal_rank_fusion(legs, leaning, 1000).front().item, 2u);
}

TEST(ReciprocalRankFusion, TakesEmptyLegsAndNoLegs) {
  const Leg legs[] = {leg("a", {}), leg("b", {{2, 1}}), leg("c", {})};
  EXPECT_EQ(order(reciprocal_rank_fusion(legs, {})), (std::vector<ItemId>{2}));
  EXPECT_TRUE(reciprocal_rank_fusion({}, {}).empty());
}

TEST(ReciprocalRankFusion, RefusesWeightsThatDoNotFit) {
  const Leg legs[] = {leg("a", {{1, 1}}), leg("b", {{2, 1}})};
  const double one[] = {1};
  const double negative[] = {1, -1};
  const double infinite[] = {1, std::numeric_limits<double>::infinity()};
  const double nothing[] = {1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(reciprocal_rank_fusion(legs, one), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank_fusion(legs, negative), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank_fusion(legs, infinite), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank_fusion(legs, nothing), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank_fusion(legs, {}, -1), std::invalid_argument);
  EXPECT_THROW(reciprocal_rank_fusion(legs, {}, std::numeric_limits<double>::quiet_NaN()),
               std::invalid_argument);
}

TEST(SharedRanks, GiveEqualScoresTheSmallerRank) {
  const ScoredItem items[] = {{1, 5}, {2, 5}, {3, 4}, {4, 2}, {5, 2}, {6, 2}, {7, 1}};
  EXPECT_EQ(shared_ranks(items), (std::vector<std::size_t>{1, 1, 3, 4, 4, 4, 7}));
  EXPECT_TRUE(shared_ranks({}).empty());
}

TEST(ClauseScores, FallFromOneInStepsOfOneOverTopKAndStayAboveZero) {
  const ScoredItem items[] = {{1, 5}, {2, 5}, {3, 4}, {4, 2}};
  EXPECT_EQ(clause_scores(items, 4), (std::vector<double>{1, 1, 0.5, 0.25}));
  EXPECT_EQ(clause_scores(items, 10), (std::vector<double>{1, 1, 0.8, 0.7}));
  EXPECT_TRUE(clause_scores({}, 0).empty());
  EXPECT_THROW(clause_scores(items, 3), std::invalid_argument) << "a leg holds at most its topK";
}

}  // namespace
}  // namespace segue::query
