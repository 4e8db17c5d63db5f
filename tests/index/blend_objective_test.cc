// The convex problem behind the blend's weights, on contests whose weights are known.

#include "index/model/blend_objective.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/model/blend_ascent.h"
#include "index/model/projected_newton.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::size_t kModels = 3;
constexpr std::size_t kClasses = 2;  // of sessions and of items

/// Weights that are a sum of a part by length and a part by class of item; the last model is noise.
BlendTable planted() {
  BlendTable weights;
  weights.models = kModels;
  weights.lengths = kClasses;
  weights.counts = kClasses;
  weights.values = {0.2, 1.4, 1.0, 0.2, 0, 0,   // short sessions: [models, classes of item]
                    0.9, 2.1, 1.0, 0.2, 0, 0};  // long ones
  return weights;
}

struct Candidate {
  std::size_t count = 0;
  std::vector<double> z;
};

BlendContest contest_of(std::size_t sequence, std::size_t length, std::vector<Candidate> candidates,
                        std::size_t target) {
  const Candidate one = candidates[target];
  candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(target));
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.count < b.count; });
  BlendContest contest;
  contest.sequence = sequence;
  contest.length = length;
  contest.target = one.count;
  contest.ends.assign(kClasses, 0);
  for (std::size_t k = 0; k < kClasses; ++k) {
    contest.ends[k] = static_cast<std::size_t>(std::count_if(
        candidates.begin(), candidates.end(), [&](const Candidate& c) { return c.count <= k; }));
  }
  contest.target_z = one.z;
  for (std::size_t m = 0; m < kModels; ++m) {
    for (const Candidate& c : candidates) contest.ahead.push_back(static_cast<float>(c.z[m] - one.z[m]));
  }
  return contest;
}

/// Targets are drawn from the softmax of the planted weights.
BlendContests draw_contests(std::size_t sequences, std::uint64_t seed, std::size_t candidates = 30) {
  const BlendTable weights = planted();
  BlendContests drawn;
  drawn.models = kModels;
  drawn.lengths = kClasses;
  drawn.counts = kClasses;
  drawn.sequences = sequences;
  RandomStream random(seed);
  for (std::size_t s = 0; s < sequences; ++s) {
    const std::size_t length = random.below(kClasses);
    std::vector<Candidate> all(candidates);
    std::vector<double> share;
    for (Candidate& one : all) {
      one.count = random.below(kClasses);
      double score = 0;
      for (std::size_t m = 0; m < kModels; ++m) {
        one.z.push_back(static_cast<double>(random.normal()));
        score += weights.at(length, m, one.count) * one.z.back();
      }
      share.push_back(std::exp(score));
    }
    double left = random.uniform() * std::accumulate(share.begin(), share.end(), 0.0);
    std::size_t target = 0;
    while (target + 1 < candidates && left > share[target]) left -= share[target++];
    drawn.contests.push_back(contest_of(s, length, std::move(all), target));
  }
  return drawn;
}

class Likelihood : public ::testing::Test {
 protected:
  std::vector<double> random_point(const BlendLikelihood& likelihood, std::uint64_t seed) {
    RandomStream random(seed);
    std::vector<double> point(likelihood.parameters());
    for (double& x : point) x = 2 * random.uniform();
    return point;
  }
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_F(Likelihood, HasTheGradientAndHessianOfItsValue) {
  const BlendContests contests = draw_contests(40, 1, 12);
  for (const BlendLikelihood::Shape shape :
       {BlendLikelihood::Shape{false, false}, {true, false}, {false, true}, {true, true}}) {
    const BlendLikelihood likelihood(contests, {}, {1, 0, 1}, shape, 0.3, pool_);
    const std::size_t n = likelihood.parameters();
    std::vector<double> at = random_point(likelihood, 2);
    std::vector<double> gradient(n), hessian(n * n), up(n), down(n);
    likelihood.evaluate(at, gradient, hessian);
    constexpr double kStep = 1e-5;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = at[i];
      at[i] = x + kStep;
      const double above = likelihood.evaluate(at, up, {});
      at[i] = x - kStep;
      const double below = likelihood.evaluate(at, down, {});
      at[i] = x;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-7);
      for (std::size_t j = 0; j < n; ++j) {
        EXPECT_NEAR(hessian[i * n + j], (up[j] - down[j]) / (2 * kStep), 1e-6);
      }
    }
  }
}

TEST_F(Likelihood, IsConvex) {
  const BlendContests contests = draw_contests(60, 3);
  const BlendLikelihood likelihood(contests, {}, {1, 1, 1}, {true, true}, 0.1, pool_);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<double> a = random_point(likelihood, 2 * seed + 100);
    const std::vector<double> b = random_point(likelihood, 2 * seed + 101);
    std::vector<double> middle(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) middle[i] = (a[i] + b[i]) / 2;
    EXPECT_LT(likelihood.evaluate(middle, {}, {}),
              (likelihood.evaluate(a, {}, {}) + likelihood.evaluate(b, {}, {})) / 2);
  }
}

TEST_F(Likelihood, FindsPlantedWeightsByLengthAndByEvents) {
  const BlendContests contests = draw_contests(6000, 4);
  const BlendTable found = BlendLikelihood(contests, {}, {1, 1, 1}, {true, true}, 1e-4, pool_).fit();
  const BlendTable truth = planted();
  for (std::size_t i = 0; i < truth.values.size(); ++i)
    EXPECT_NEAR(found.values[i], truth.values[i], 0.12) << i;
}

TEST_F(Likelihood, BeatsFlatWeightsOnSequencesItHasNotSeenWhereWeightsDiffer) {
  const BlendContests seen = draw_contests(3000, 5);
  const BlendContests unseen = draw_contests(3000, 6);
  const auto ndcg = [&](BlendLikelihood::Shape shape) {
    return ndcg_gains(unseen, BlendLikelihood(seen, {}, {1, 1, 1}, shape, 0.1, pool_).fit(), pool_);
  };
  const std::vector<double> flat = ndcg({false, false});
  const std::vector<double> whole = ndcg({true, true});
  EXPECT_GT(mean(whole) - mean(flat), 2 * error_of_difference(whole, flat));
  const std::vector<double> by_length = ndcg({true, false});
  EXPECT_GT(mean(whole), mean(by_length));
}

TEST_F(Likelihood, ShrinksTowardsOneWeightPerModel) {
  const BlendContests contests = draw_contests(500, 7);
  const BlendTable held = BlendLikelihood(contests, {}, {1, 1, 1}, {true, true}, 1e6, pool_).fit();
  for (std::size_t m = 0; m < kModels; ++m) {
    for (std::size_t l = 0; l < kClasses; ++l) {
      for (std::size_t k = 0; k < kClasses; ++k) EXPECT_NEAR(held.at(l, m, k), held.at(0, m, 0), 1e-3);
    }
  }
}

TEST_F(Likelihood, GivesNoWeightBelowZeroAndNoneToAModelLeftOut) {
  BlendContests contests = draw_contests(500, 8);
  // A model that is right the wrong way round would want a weight below 0.
  for (BlendContest& contest : contests.contests) {
    const std::size_t n = contest.competitors();
    for (std::size_t c = 0; c < n; ++c) contest.ahead[n + c] *= -1;
    contest.target_z[1] *= -1;
  }
  const BlendTable found = BlendLikelihood(contests, {}, {1, 1, 0}, {true, true}, 0.1, pool_).fit();
  for (std::size_t l = 0; l < kClasses; ++l) {
    for (std::size_t k = 0; k < kClasses; ++k) {
      EXPECT_GT(found.at(l, 0, k), 0);
      EXPECT_LT(found.at(l, 1, k), 1e-2);
      EXPECT_GE(found.at(l, 1, k), 0);
      EXPECT_EQ(found.at(l, 2, k), 0);
    }
  }
}

TEST_F(Likelihood, DoesNotDependOnThreads) {
  const BlendContests contests = draw_contests(300, 9);
  kernels::ThreadPool alone(1);
  EXPECT_EQ(BlendLikelihood(contests, {}, {1, 1, 1}, {true, true}, 0.1, pool_).fit().values,
            BlendLikelihood(contests, {}, {1, 1, 1}, {true, true}, 0.1, alone).fit().values);
}

TEST_F(Likelihood, LearnsNothingFromAFoldThatIsLeftOut) {
  BlendContests contests = draw_contests(200, 10);
  const auto fit = [&] {
    return BlendLikelihood(contests, {2, 1}, {1, 1, 1}, {true, true}, 0.1, pool_).fit().values;
  };
  const std::vector<double> before = fit();
  for (BlendContest& contest : contests.contests) {
    if (contest.sequence % 2 == 1) std::fill(contest.ahead.begin(), contest.ahead.end(), 5.0f);
  }
  EXPECT_EQ(fit(), before);
}

TEST_F(Likelihood, GainsAreThoseOfTheRankAmongTheCompetitors) {
  const BlendContests contests = draw_contests(50, 11);
  const BlendTable weights = planted();
  const std::vector<double> gains = ndcg_gains(contests, weights, pool_);
  for (std::size_t i = 0; i < contests.contests.size(); ++i) {
    const BlendContest& contest = contests.contests[i];
    const std::size_t n = contest.competitors();
    double target = 0;
    for (std::size_t m = 0; m < kModels; ++m)
      target += weights.at(contest.length, m, contest.target) * contest.target_z[m];
    std::size_t rank = 1;
    for (std::size_t c = 0; c < n; ++c) {
      const std::size_t k = c < contest.ends[0] ? 0 : 1;
      double score = 0;
      for (std::size_t m = 0; m < kModels; ++m) {
        score += weights.at(contest.length, m, k) *
                 (static_cast<double>(contest.ahead[m * n + c]) + contest.target_z[m]);
      }
      rank += score > target;
    }
    EXPECT_DOUBLE_EQ(gains[i], rank <= 10 ? 1 / std::log2(static_cast<double>(rank) + 1) : 0) << i;
  }
}

TEST_F(Likelihood, GainsByShareAreThoseOfTheWeightsThatTheyMake) {
  const BlendContests contests = draw_contests(200, 12);
  const std::vector<double> others{0.75, 7, 0.25};  // that of the part itself counts for nothing
  const std::vector<double> shares{0, 0.2, 0.5, 1};
  const auto by_share = ndcg_gains_by_share(contests, others, 1, shares, pool_);
  ASSERT_EQ(by_share.size(), shares.size());
  for (std::size_t s = 0; s < shares.size(); ++s) {
    const std::vector<double> weights{(1 - shares[s]) * 0.75, shares[s], (1 - shares[s]) * 0.25};
    EXPECT_EQ(by_share[s], ndcg_gains(contests, {contests, weights}, pool_)) << shares[s];
  }
}

TEST(ProjectedNewton, StopsAtTheBoundsThatHoldTheMinimum) {
  // (x - 1)^2 + (y + 2)^2 + x y / 2: the minimum with x, y >= 0 is (1, 0).
  const auto function = [](std::span<const double> at, std::span<double> gradient,
                           std::span<double> hessian) {
    if (!gradient.empty()) {
      gradient[0] = 2 * (at[0] - 1) + at[1] / 2;
      gradient[1] = 2 * (at[1] + 2) + at[0] / 2;
    }
    if (!hessian.empty()) {
      hessian[0] = hessian[3] = 2;
      hessian[1] = hessian[2] = 0.5;
    }
    return (at[0] - 1) * (at[0] - 1) + (at[1] + 2) * (at[1] + 2) + at[0] * at[1] / 2;
  };
  const std::vector<double> found = minimise_not_below_zero(function, {3, 3});
  EXPECT_NEAR(found[0], 1, 1e-6);
  EXPECT_EQ(found[1], 0);
}

}  // namespace
}  // namespace segue::index
