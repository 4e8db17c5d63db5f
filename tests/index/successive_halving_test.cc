#include "index/reindex/successive_halving.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string>

#include "index/reindex/trial_log.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// A search whose trials take 9 s for all of the data and are the better the nearer their number is to 7.
Trial run(const HalvingOptions& options, const NextTrial& next) {
  Trial trial;
  trial.number = next.number;
  trial.rung = next.rung;
  trial.share = share_of(options, next.rung);
  trial.seconds = 9 * trial.share;
  trial.ndcg = next.number == 0 ? 0.5 : 1 - std::abs(static_cast<double>(next.number) - 7) / 100;
  return trial;
}

std::vector<Trial> search(const HalvingOptions& options, std::vector<Trial> done = {},
                          std::size_t most = 10000) {
  while (done.size() < most) {
    const auto next = next_trial(options, done);
    if (!next) break;
    done.push_back(run(options, *next));
  }
  return done;
}

HalvingOptions of_budget(double seconds) {
  HalvingOptions options;
  options.budget_seconds = seconds;
  return options;
}

TEST(SuccessiveHalving, KeepsToItsBudget) {
  for (const double budget : {90.0, 200.0, 1000.0}) {
    double used = 0;
    for (const Trial& trial : search(of_budget(budget))) used += trial.seconds;
    EXPECT_LE(used, budget);
    EXPECT_GE(used, 0.6 * budget);
  }
}

TEST(SuccessiveHalving, TriesEveryPointOnceOnARungAndTheFirstConfigurationOnAll) {
  const auto trials = search(of_budget(200));
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (const Trial& trial : trials) EXPECT_TRUE(seen.emplace(trial.rung, trial.number).second);
  for (std::size_t rung = 0; rung < 3; ++rung) EXPECT_TRUE(seen.contains({rung, 0}));
}

TEST(SuccessiveHalving, PromotesTheBest) {
  const auto trials = search(of_budget(200));
  ASSERT_NE(best_trial(trials), nullptr);
  EXPECT_EQ(best_trial(trials)->number, 7u);
  EXPECT_EQ(best_trial(trials)->share, 1);
  std::size_t on_rung[3] = {};
  for (const Trial& trial : trials) ++on_rung[trial.rung];
  EXPECT_GT(on_rung[0], 2 * on_rung[1]);
  EXPECT_GT(on_rung[1], on_rung[2]);
}

TEST(SuccessiveHalving, GoesOnWhereItWas) {
  const auto whole = search(of_budget(150));
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto again =
        search(of_budget(150), {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)});
    ASSERT_EQ(again.size(), whole.size());
    for (std::size_t t = 0; t < whole.size(); ++t) {
      EXPECT_EQ(again[t].number, whole[t].number);
      EXPECT_EQ(again[t].rung, whole[t].rung);
    }
  }
}

TEST(SuccessiveHalving, ComparesOneRivalHoweverSmallTheBudget) {
  const auto trials = search(of_budget(0.001));
  EXPECT_EQ(trials.size(), 6u);  // number 0 and one rival on each rung
  EXPECT_EQ(best_trial(trials)->rung, 2u);
}

TEST(SuccessiveHalving, KeepsTheFirstConfigurationWhereNothingIsBetter) {
  std::vector<Trial> trials(2);
  trials[0].ndcg = trials[1].ndcg = 0.3;
  trials[1].number = 1;
  EXPECT_EQ(best_trial(trials)->number, 0u);
  EXPECT_EQ(best_trial({}), nullptr);
}

TEST(SuccessiveHalving, DrawsPointsFromTheSeedAlone) {
  const std::vector<SearchRange> ranges{parse_search_range("mf.ridge=0.001..0.1:log")};
  HalvingOptions options;
  options.max_points = 6;
  const auto points = points_of(options, ranges, {});
  ASSERT_EQ(points.size(), 7u);
  EXPECT_TRUE(points[0].empty());
  EXPECT_EQ(points_of(options, ranges, {}), points);
  HalvingOptions other = options;
  other.seed = 2;
  EXPECT_NE(points_of(other, ranges, {}), points);
  options.max_points = 3;
  EXPECT_TRUE(std::ranges::equal(points_of(options, ranges, {}), std::span(points).first(4)));
}

TEST(SuccessiveHalving, DrawsEveryPointOnceAndNeverTheConfigurationItself) {
  const std::vector<SearchRange> ranges{parse_search_range("transitions.preset=auto,broad,damped,recent"),
                                        parse_search_range("mf.factors=64,96,64")};
  const auto points = points_of({}, ranges, {});
  std::set<std::string> configurations;
  for (const SearchPoint& point : points)
    EXPECT_TRUE(configurations.insert(to_toml(at_point({}, point))).second);
  EXPECT_EQ(points.size(), 8u);  // of 4 presets and 2 numbers; auto and 96 are how it begins
}

class TrialLogTest : public ::testing::Test {
 protected:
  TrialLogTest() { std::filesystem::remove(file_); }
  ~TrialLogTest() override { std::filesystem::remove(file_); }
  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("segue_trials_" + std::to_string(getpid()) + ".jsonl");
};

TEST_F(TrialLogTest, ReadsBackWhatItWrote) {
  Trial trial;
  trial.number = 3;
  trial.rung = 1;
  trial.share = 1.0 / 3;
  trial.values = {{"mf.ridge", "0.01"}, {"transitions.preset", "\"recent\""}};
  trial.ndcg = 0.123456789;
  trial.seconds = 1.5;
  {
    TrialLog log(file_, "x");
    log.add(trial);
  }
  const TrialLog log(file_, "x");
  ASSERT_EQ(log.trials().size(), 1u);
  EXPECT_EQ(log.trials()[0].values, trial.values);
  EXPECT_EQ(log.trials()[0].ndcg, trial.ndcg);
  EXPECT_EQ(log.trials()[0].share, trial.share);
}

TEST_F(TrialLogTest, DropsALineThatWasCutOffAtAnyPlace) {
  {
    TrialLog log(file_, "x");
    log.add({});
    log.add({});
  }
  const auto size = std::filesystem::file_size(file_);
  for (std::uintmax_t cut = size; cut-- > 0;) {
    std::filesystem::resize_file(file_, cut);
    TrialLog log(file_, "x");
    EXPECT_LE(log.trials().size(), 1u);
    log.add({});
    EXPECT_EQ(TrialLog(file_, "x").trials().size(), log.trials().size());
    // Restore what the next cut needs.
    std::filesystem::remove(file_);
    TrialLog again(file_, "x");
    again.add({});
    again.add({});
  }
}

TEST_F(TrialLogTest, RefusesTrialsOfAnotherSearchAndLinesThatAreNone) {
  {
    TrialLog log(file_, "x");
    EXPECT_NO_THROW(TrialLog(file_, "y"));  // no trials, no search
    log.add({});
  }
  EXPECT_THROW(TrialLog(file_, "y"), Error);
  std::ofstream(file_, std::ios::app) << "nonsense\n";
  EXPECT_THROW(TrialLog(file_, "x"), Error);
}

}  // namespace
}  // namespace segue::index
