#include "index/reindex/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using Rows = std::vector<std::vector<double>>;

std::vector<double> coins(std::size_t n, double share, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(random.uniform() < share ? 1 : 0);
  return values;
}

class Bootstrap : public ::testing::Test {
 protected:
  kernels::ThreadPool pool_{2};
};

TEST_F(Bootstrap, HoldsTheTrueMeanAboutAsOftenAsItSays) {
  std::size_t held = 0;
  constexpr std::size_t kTrials = 300;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    const Rows rows{coins(200, 0.3, trial)};
    const auto interval = bootstrap_means(rows, {}, {200, trial, 0.95}, pool_)[0];
    held += interval.low <= 0.3 && 0.3 <= interval.high;
  }
  // 95 % of 300 is 285; six standard errors of a fair count are 23, percentile intervals are a little short.
  EXPECT_GT(held, 262u);
  EXPECT_LT(held, 300u);
}

TEST_F(Bootstrap, IsAsWideAsTheNormalApproximation) {
  const Rows rows{coins(2000, 0.3, 7)};
  const auto interval = bootstrap_means(rows, {}, {2000, 1, 0.95}, pool_)[0];
  EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 * std::sqrt(0.3 * 0.7 / 2000), 0.004);
}

TEST_F(Bootstrap, DrawsTheTargetsOfASequenceTogether) {
  // 100 sequences of 10 equal targets say as much as 100 targets, not as 1,000.
  std::vector<double> values;
  std::vector<std::uint32_t> sequence_of;
  for (const double coin : coins(100, 0.5, 3)) {
    for (int i = 0; i < 10; ++i) {
      values.push_back(coin);
      sequence_of.push_back(static_cast<std::uint32_t>(values.size() - 1) / 10);
    }
  }
  const Rows rows{values};
  const auto together = bootstrap_means(rows, sequence_of, {}, pool_)[0];
  const auto apart = bootstrap_means(rows, {}, {}, pool_)[0];
  EXPECT_GT(together.high - together.low, 2.5 * (apart.high - apart.low));
}

TEST_F(Bootstrap, DrawsAllFiguresAlikeSoThatADifferenceOfEqualsIsNothing) {
  const std::vector<double> a = coins(100, 0.5, 4);
  std::vector<double> shifted = a;
  for (double& value : shifted) value += 2;
  std::vector<double> difference(a.size(), 2);
  const Rows rows{a, shifted, difference};
  const auto intervals = bootstrap_means(rows, {}, {}, pool_);
  EXPECT_NEAR(intervals[1].low - intervals[0].low, 2, 1e-12);
  EXPECT_NEAR(intervals[2].low, 2, 1e-12);
  EXPECT_NEAR(intervals[2].high, 2, 1e-12);
}

TEST_F(Bootstrap, DependsOnTheSeedAndNotOnThreads) {
  const Rows rows{coins(500, 0.4, 5)};
  kernels::ThreadPool alone(1);
  EXPECT_EQ(bootstrap_means(rows, {}, {100, 1}, pool_), bootstrap_means(rows, {}, {100, 1}, alone));
  EXPECT_NE(bootstrap_means(rows, {}, {100, 1}, pool_), bootstrap_means(rows, {}, {100, 2}, pool_));
}

TEST_F(Bootstrap, OfNothingIsZeroAndOfUnequalListsAnError) {
  const Rows empty{{}};
  EXPECT_EQ(bootstrap_means(empty, {}, {}, pool_), std::vector<Interval>(1));
  const Rows unequal{{1, 2}, {1}};
  EXPECT_THROW(bootstrap_means(unequal, {}, {}, pool_), std::invalid_argument);
  const Rows one{{1, 2}};
  EXPECT_THROW(bootstrap_means(one, {}, {0}, pool_), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
