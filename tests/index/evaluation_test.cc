#include "index/reindex/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "index/model/popularity.h"
#include "index/model/transitions.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::make_catalogue;
using testing::make_data;
using ::testing::Not;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The same scores for every session.
Scorer fixed(std::vector<double> scores) {
  return [scores](const SessionView&, std::span<double> out) {
    std::copy(scores.begin(), scores.end(), out.begin());
  };
}

class EvaluationOfFixedScores : public ::testing::Test {
 protected:
  double rank(const std::vector<double>& scores, HeldOut one, SeenRule rule = {}) {
    const ItemSet all(scores.size(), true);
    const std::vector<HeldOut> held_out{std::move(one)};
    return Evaluator(all, pool_, progress_).ranks(fixed(scores), held_out, std::span(&rule, 1))[0][0];
  }
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_F(EvaluationOfFixedScores, RanksATargetBelowEverythingThatScoresMore) {
  EXPECT_EQ(rank({4, 3, 2, 1}, {{0}, 0}), 1);
  EXPECT_EQ(rank({4, 3, 2, 1}, {{0}, 2}), 3);
  EXPECT_EQ(rank({-1, -2, -3, -kInfinity}, {{0}, 3}), 4);
}

TEST_F(EvaluationOfFixedScores, GivesTiesTheirMeanRank) {
  EXPECT_EQ(rank({1, 1, 1, 1}, {{0}, 2}), 2.5);
  EXPECT_EQ(rank({5, 1, 1, 0}, {{0}, 1}), 2.5);
  EXPECT_EQ(rank({5, 1, -kInfinity, -kInfinity}, {{0}, 3}), 3.5);
}

TEST_F(EvaluationOfFixedScores, LeavesOutWhatTheSeenRuleNames) {
  const std::vector<double> scores{6, 5, 4, 3, 2, 1};
  const HeldOut one{{0, 1, 2, 1}, 4};
  EXPECT_EQ(rank(scores, one, SeenRule::include()), 5);
  EXPECT_EQ(rank(scores, one, SeenRule::last(1)), 4);
  EXPECT_EQ(rank(scores, one, SeenRule::last(2)), 3);  // 1 and 2: the repeat counts once
  EXPECT_EQ(rank(scores, one, SeenRule::last(9)), 2);
  EXPECT_EQ(rank(scores, one, SeenRule::exclude()), 2);
}

TEST_F(EvaluationOfFixedScores, MissesATargetThatTheRuleLeavesOut) {
  EXPECT_EQ(rank({3, 2, 1}, {{0, 1}, 1}, SeenRule::last(1)), kMissed);
  EXPECT_EQ(rank({3, 2, 1}, {{0, 1}, 0}, SeenRule::last(1)), 1);
  EXPECT_EQ(rank({3, 2, 1}, {{0, 1}, 0}, SeenRule::exclude()), kMissed);
  EXPECT_EQ(kHitRate10.at(kMissed), 0);
}

TEST_F(EvaluationOfFixedScores, MissesATargetWithoutANumberForAScore) {
  EXPECT_EQ(rank({3, std::nan(""), 1}, {{0}, 1}), kMissed);
}

TEST_F(EvaluationOfFixedScores, RanksOneGroupOfItemsOnly) {
  ItemSet group(4);
  group.insert(1);
  group.insert(3);
  const Evaluator evaluator(group, pool_, progress_);
  const SeenRule rule = SeenRule::exclude();
  const std::vector<HeldOut> held_out{{{0, 2}, 3}};
  EXPECT_EQ(evaluator.ranks(fixed({9, 8, 7, 6}), held_out, std::span(&rule, 1))[0][0], 2);
  const std::vector<HeldOut> outside{{{0, 2}, 0}};
  EXPECT_THROW(evaluator.ranks(fixed({9, 8, 7, 6}), outside, std::span(&rule, 1)), std::invalid_argument);
}

TEST_F(EvaluationOfFixedScores, AveragesMetricsOverSequences) {
  const std::vector<double> scores{6, 5, 4, 3, 2, 1};
  const ItemSet all(6, true);
  const std::vector<HeldOut> held_out{{{5}, 0}, {{5}, 1}, {{5}, 4}};  // ranks 1, 2, 5
  EvaluationOptions options;
  options.metrics = parse_ranking_metrics("hr@2,ndcg@2,mrr@5,recall@1,coverage@3");
  const auto result = Evaluator(all, pool_, progress_).evaluate(fixed(scores), held_out, options);
  EXPECT_EQ(result.ranks, (std::vector<double>{1, 2, 5}));
  EXPECT_DOUBLE_EQ(result.values[0], 2.0 / 3);
  EXPECT_DOUBLE_EQ(result.values[1], (1 + 1 / std::log2(3.0)) / 3);
  EXPECT_DOUBLE_EQ(result.values[2], (1 + 0.5 + 0.2) / 3);
  EXPECT_DOUBLE_EQ(result.values[3], 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.values[4], 3.0 / 6);
}

TEST_F(EvaluationOfFixedScores, CoversOnlyWhatIsScoredAndNotLeftOut) {
  const ItemSet all(4, true);
  const std::vector<HeldOut> held_out{{{0}, 1}, {{1}, 0}};
  EvaluationOptions options;
  options.metrics = parse_ranking_metrics("coverage");
  options.seen = SeenRule::exclude();
  const auto result =
      Evaluator(all, pool_, progress_).evaluate(fixed({2, 1, 3, -kInfinity}), held_out, options);
  EXPECT_DOUBLE_EQ(result.values[0], 3.0 / 4);
}

TEST_F(EvaluationOfFixedScores, MeasuresListsAsTheirDefinitionsSay) {
  const std::vector<double> scores{6, 5, 4, 3};
  const ItemSet all(4, true);
  const std::vector<HeldOut> held_out{{{0}, 3}, {{1}, 3}, {{3}, 0}};
  const std::vector<float> events{3, 0, 1, 4};
  EvaluationOptions options;
  options.metrics = parse_ranking_metrics("gini@2,novelty@2,coverage@2,hr@1");
  options.seen = SeenRule::exclude();
  options.events = events;
  const auto result = Evaluator(all, pool_, progress_).evaluate(fixed(scores), held_out, options);
  // The lists: 1 2, 0 2, 0 1; each of 0, 1, 2 stands there twice, 3 never.
  const std::vector<double> places{2, 2, 2, 0};
  double differences = 0;
  for (const double a : places) {
    for (const double b : places) differences += std::abs(a - b);
  }
  EXPECT_DOUBLE_EQ(result.values[0], differences / (2 * 4 * 6));  // mean difference over twice the mean
  const auto bits = [&](std::size_t item) {
    return -std::log2((static_cast<double>(events[item]) + 1) / (8 + 4));
  };
  EXPECT_DOUBLE_EQ(result.values[1], (2 * bits(0) + 2 * bits(1) + 2 * bits(2)) / 6);
  EXPECT_DOUBLE_EQ(result.by_target[1][0], (bits(1) + bits(2)) / 2);
  EXPECT_DOUBLE_EQ(result.values[2], 3.0 / 4);
  EXPECT_TRUE(result.by_target[0].empty()) << "no mean over targets";
  EXPECT_EQ(result.by_target[3], (std::vector<double>{0, 0, 1}));
  options.events = {};
  EXPECT_THROW(Evaluator(all, pool_, progress_).evaluate(fixed(scores), held_out, options),
               std::invalid_argument);
}

TEST_F(EvaluationOfFixedScores, CountsAsTailWhatIsNotAmongTheItemsWithHalfOfTheEvents) {
  const std::vector<double> scores{6, 5, 4, 3};
  const ItemSet all(4, true);
  const std::vector<HeldOut> held_out{{{0}, 3}, {{1}, 3}, {{3}, 0}};  // the lists: 1 2, 0 2, 0 1
  const std::vector<float> events{5, 1, 1, 2};
  EvaluationOptions options;
  options.metrics = parse_ranking_metrics("tail@2");
  options.seen = SeenRule::exclude();
  options.events = events;
  const auto result = Evaluator(all, pool_, progress_).evaluate(fixed(scores), held_out, options);
  EXPECT_EQ(result.by_target[0], (std::vector<double>{1, 0.5, 0.5}));
  EXPECT_DOUBLE_EQ(result.values[0], 2.0 / 3);
}

TEST_F(EvaluationOfFixedScores, IsPartedByClassOfTarget) {
  const std::vector<double> scores{6, 5, 4, 3, 2, 1};
  const ItemSet all(6, true);
  const std::vector<HeldOut> held_out{{{5}, 0}, {{5}, 1}, {{5}, 4}};  // ranks 1, 2, 5
  EvaluationOptions options;
  options.metrics = parse_ranking_metrics("hr@2,mrr@5,coverage");
  const auto result = Evaluator(all, pool_, progress_).evaluate(fixed(scores), held_out, options);
  const std::vector<std::size_t> classes{3, 0, 3};
  const auto slices = slice(result, classes);
  ASSERT_EQ(slices.size(), 2u) << "classes without a target are left out";
  EXPECT_EQ(slices[0].of, 0u);
  EXPECT_EQ(slices[0].values, (std::vector<double>{1, 0.5, 0}));
  EXPECT_EQ(slices[1].events, 2u);
  EXPECT_DOUBLE_EQ(slices[1].values[0], 0.5);
  EXPECT_DOUBLE_EQ(slices[1].values[1], (1 + 0.2) / 2);
}

TEST(GiniCoefficient, IsNothingForEqualsAndNearOneForOneThatHasAll) {
  EXPECT_DOUBLE_EQ(gini_coefficient({3, 3, 3}), 0);
  EXPECT_DOUBLE_EQ(gini_coefficient({0, 0, 0, 8}), 0.75);
  EXPECT_EQ(gini_coefficient({0, 0}), 0);
  EXPECT_EQ(gini_coefficient({}), 0);
}

TEST_F(EvaluationOfFixedScores, SamplesNegativesThatTheSessionLacks) {
  // Everything outside the session scores less than the target, everything in it more.
  std::vector<double> scores(50, 0.0);
  for (const ItemId seen : {1, 2, 3}) scores[seen] = 2;
  scores[7] = 1;
  const ItemSet all(50, true);
  const std::vector<HeldOut> held_out{{{1, 2, 3}, 7}};
  EvaluationOptions options;
  options.negatives = 20;
  const Evaluator evaluator(all, pool_, progress_);
  EXPECT_EQ(evaluator.evaluate(fixed(scores), held_out, options).ranks[0], 1);
  scores[7] = 0;
  EXPECT_EQ(evaluator.evaluate(fixed(scores), held_out, options).ranks[0], 11);  // level with all 20
  options.negatives = 1000;
  EXPECT_EQ(evaluator.evaluate(fixed(scores), held_out, options).ranks[0], 24);  // with the 46 that there are
}

TEST_F(EvaluationOfFixedScores, DrawsNegativesBySeed) {
  RandomStream random(3);
  std::vector<double> scores(500);
  for (double& score : scores) score = static_cast<double>(random.below(1'000'000));
  const ItemSet all(500, true);
  std::vector<HeldOut> held_out;
  for (ItemId i = 0; i < 40; ++i) held_out.push_back({{i}, i + 100});
  EvaluationOptions options;
  options.negatives = 100;
  const Evaluator evaluator(all, pool_, progress_);
  const auto first = evaluator.evaluate(fixed(scores), held_out, options).ranks;
  kernels::ThreadPool alone(1);
  EXPECT_EQ(first, Evaluator(all, alone, progress_).evaluate(fixed(scores), held_out, options).ranks);
  options.seed = 2;
  EXPECT_NE(first, evaluator.evaluate(fixed(scores), held_out, options).ranks);
}

TEST_F(EvaluationOfFixedScores, ChoosesTheSeenRuleThatHelpsMost) {
  const std::vector<double> scores{9, 8, 7, 6, 5};
  const ItemSet all(5, true);
  const Evaluator evaluator(all, pool_, progress_);
  const auto choose = [&](std::vector<HeldOut> held_out) {
    return evaluator.choose_seen_rule(fixed(scores), held_out);
  };
  EXPECT_EQ(choose({{{3}, 0}}), SeenRule::include());                // nothing to gain: leave out nothing
  EXPECT_EQ(choose({{{1, 0}, 2}, {{1, 0}, 1}}), SeenRule::last(1));  // returns, but not to the newest
  EXPECT_EQ(choose({{{2, 1, 0}, 3}, {{2, 1, 0}, 2}}), SeenRule::last(2));
  EXPECT_EQ(choose({{{3, 2, 1, 0}, 4}}), SeenRule::exclude());
  // Item 4 of an earlier visit comes back, those of the visit under way do not.
  HeldOut returning{{4, 3, 2, 1, 0}, 4};
  returning.times = {0, 86'400, 86'460, 86'520, 86'580};
  EXPECT_EQ(choose({returning}), SeenRule::visit());
}

TEST(Evaluation, PutsItemsThatAModelDoesNotKnowLast) {
  struct Negative final : SessionModel {
    struct Session final : EncodedSession {
      std::vector<ScoredItem> top(std::size_t, const ItemSet*) const override { return {{0, -1}}; }
      void score(std::span<const ItemId> items, std::span<double> scores) const override {
        for (std::size_t i = 0; i < items.size(); ++i) scores[i] = items[i] == 0 ? -1 : 0;
      }
      ScoreMoments moments(ItemGroup) const override { return {}; }
    };
    std::string_view name() const noexcept override { return "negative"; }
    bool knows(ItemId item) const override { return item == 0; }
    std::unique_ptr<EncodedSession> encode(const SessionView&) const override {
      return std::make_unique<Session>();
    }
  } model;
  std::vector<double> scores(3);
  scorer_of(model)({}, scores);
  EXPECT_EQ(scores, (std::vector<double>{-1, -kInfinity, -kInfinity}));
}

TEST(Evaluation, TiesEverythingWhenTheModelKnowsNothingOfTheSession) {
  kernels::ThreadPool pool(2);
  Progress progress;
  const auto catalogue = make_catalogue(5);
  const auto model = Transitions::train(make_data(5, {{0, 1}}), {}, catalogue, pool, progress);
  const std::vector<HeldOut> held_out{{{4}, 1}};
  const auto result =
      Evaluator(catalogue.searchable(), pool, progress).evaluate(scorer_of(*model), held_out, {});
  EXPECT_EQ(result.ranks[0], 3);
}

TEST(Evaluation, OfNothingIsZero) {
  kernels::ThreadPool pool(1);
  Progress progress;
  const auto catalogue = make_catalogue(2);
  const auto model = Popularity::train(make_data(2, {}), catalogue);
  const Evaluator evaluator(catalogue.searchable(), pool, progress);
  const auto result = evaluator.evaluate(scorer_of(*model), {}, {});
  EXPECT_EQ(result.values, (std::vector<double>{0, 0}));
  EXPECT_EQ(evaluator.choose_seen_rule(scorer_of(*model), {}), SeenRule::include());
}

TEST(RankingMetrics, AreNamedAndParsed) {
  const auto metrics =
      parse_ranking_metrics("hr@10, ndcg@10,mrr@20,recall@100,coverage,coverage@5,gini@10,novelty@20,tail@5");
  std::vector<std::string> names;
  for (const auto& metric : metrics) names.push_back(metric.name());
  EXPECT_EQ(names, (std::vector<std::string>{"hr@10", "ndcg@10", "mrr@20", "recall@100", "coverage",
                                             "coverage@5", "gini@10", "novelty@20", "tail@5"}));
}

TEST(RankingMetrics, AreReadInEitherCase) {
  EXPECT_EQ(parse_ranking_metrics("HR@5,Ndcg@10,COVERAGE"), parse_ranking_metrics("hr@5,ndcg@10,coverage"));
}

TEST(RankingMetrics, RefuseNamesThatAreNone) {
  for (const char* list :
       {"", "hr", "hr@", "hr@0", "hr@x", "hr@10x", "hr@-1", "auc@10", "hr@10,", "hr@10,hr@10"}) {
    EXPECT_THROW(parse_ranking_metrics(list), Error) << list;
  }
  try {
    parse_ranking_metrics("ndcg@10,precision@5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("\"precision@5\""), std::string::npos);
  }
}

TEST(RankingMetrics, FallWithTheRankAndEndAtTheirDepth) {
  for (const char* name : {"hr@10", "ndcg@10", "mrr@10", "recall@10"}) {
    const RankingMetric metric = parse_ranking_metrics(name)[0];
    EXPECT_EQ(metric.at(1), 1) << name;
    EXPECT_GT(metric.at(10), 0) << name;
    EXPECT_GE(metric.at(2), metric.at(2.5)) << name;
    EXPECT_EQ(metric.at(10.5), 0) << name;
  }
  EXPECT_DOUBLE_EQ(kNdcg10.at(3), 0.5);
  EXPECT_DOUBLE_EQ(kNdcg10.at(2.5), 1 / std::log2(3.5));
}

TEST(SeenRule, IsWrittenAsItIsRead) {
  for (const auto rule :
       {SeenRule::include(), SeenRule::exclude(), SeenRule::visit(), SeenRule::last(1), SeenRule::last(12)}) {
    EXPECT_EQ(parse_seen_rule(to_string(rule)), rule);
  }
  EXPECT_EQ(to_string(SeenRule::last(2)), "last:2");
  for (const char* text : {"", "auto", "last", "last:", "last:0", "last:x", "last:1x", "last:-1"}) {
    EXPECT_EQ(parse_seen_rule(text), std::nullopt) << text;
  }
}

TEST(SeenRule, LeavesOutDistinctItemsNewestFirst) {
  const std::vector<ItemId> session{5, 1, 2, 1, 3};
  EXPECT_THAT(left_out(SeenRule::include(), session), IsEmpty());
  EXPECT_THAT(left_out(SeenRule::last(2), session), ElementsAre(3, 1));
  EXPECT_THAT(left_out(SeenRule::last(9), session), ElementsAre(3, 1, 2, 5));
  EXPECT_THAT(left_out(SeenRule::exclude(), session), ElementsAre(3, 1, 2, 5));
}

TEST(SeenRule, OfAVisitEndsAtThePauseBefore) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  const std::vector<ItemId> session{0, 1, 2, 3};
  const auto visit = [&](std::vector<double> times) {
    SessionView view(session);
    view.times = times;
    return left_out(SeenRule::visit(), view);
  };
  EXPECT_THAT(visit({0, 10, 2000, 3800}), ElementsAre(3, 2));  // a pause of half an hour is none
  EXPECT_THAT(visit({0, 10, 2000, 3800.5}), ElementsAre(3));
  EXPECT_THAT(visit({0, 10, 20, 30}), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(visit({0, unknown, 5000, unknown}), ElementsAre(3, 2, 1));
  EXPECT_THAT(visit({unknown, unknown, unknown, unknown}), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(visit({}), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(visit({90'000, 0, 10, 20}), ElementsAre(3, 2, 1, 0));  // out of order is no pause
}

TEST(SeenRule, OfAVisitThatIsOverLeavesOutNothing) {
  const std::vector<ItemId> session{0, 1};
  const std::vector<double> times{0, 100};
  SessionView view(session);
  view.times = times;
  for (const double now : {100.0, 1900.0, 50.0}) {
    view.now = now;
    EXPECT_THAT(left_out(SeenRule::visit(), view), ElementsAre(1, 0)) << now;
  }
  view.now = 1901;
  EXPECT_THAT(left_out(SeenRule::visit(), view), IsEmpty());
}

TEST(SeenRule, OfAVisitIsACandidateWhereASessionHasAPause) {
  HeldOut one{{0, 1}, 2};
  EXPECT_THAT(seen_rule_candidates(std::vector{one}), Not(Contains(SeenRule::visit())));
  one.times = {3, 1803};
  EXPECT_THAT(seen_rule_candidates(std::vector{one}), Not(Contains(SeenRule::visit())));
  one.times = {3, 1804};
  EXPECT_THAT(seen_rule_candidates(std::vector{one}), Contains(SeenRule::visit()));
}

}  // namespace
}  // namespace segue::index
