#include "index/model/alternating_least_squares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/index/als_problem.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

MfOptions small(std::size_t factors, std::size_t steps) {
  MfOptions options;
  options.factors = factors;
  options.descent_steps = steps;
  options.unobserved_weight = 0.3;
  options.confidence = 2;
  options.ridge = 0.02;
  options.ridge_exponent = 0.5;
  return options;
}

/// The objective at MatrixFactorization, pair by pair, in doubles.
double naive_objective(const Interactions& interactions, const MfOptions& options, kernels::ConstMatrix x,
                       kernels::ConstMatrix y) {
  std::vector<std::vector<double>> weights(x.rows, std::vector<double>(y.rows));
  for (std::size_t u = 0; u < x.rows; ++u) {
    const auto others = interactions.by_user().others_of(u);
    for (std::size_t p = 0; p < others.size(); ++p)
      weights[u][others[p]] = static_cast<double>(interactions.by_user().weights_of(u)[p]);
  }
  double total = 0;
  std::vector<double> users_of(y.rows);
  for (std::size_t u = 0; u < x.rows; ++u) {
    double items_of = 0;
    double square = 0;
    for (std::size_t f = 0; f < x.cols; ++f) square += std::pow(static_cast<double>(x(u, f)), 2);
    for (std::size_t i = 0; i < y.rows; ++i) {
      double score = 0;
      for (std::size_t f = 0; f < x.cols; ++f)
        score += static_cast<double>(x(u, f)) * static_cast<double>(y(i, f));
      const bool event = weights[u][i] > 0;
      items_of += event;
      users_of[i] += event;
      total += (options.unobserved_weight + options.confidence * weights[u][i]) * std::pow(event - score, 2);
    }
    const double size = items_of + options.unobserved_weight * static_cast<double>(y.rows);
    total += options.ridge * std::pow(size, options.ridge_exponent) * square;
  }
  for (std::size_t i = 0; i < y.rows; ++i) {
    double square = 0;
    for (std::size_t f = 0; f < x.cols; ++f) square += std::pow(static_cast<double>(y(i, f)), 2);
    const double size = users_of[i] + options.unobserved_weight * static_cast<double>(x.rows);
    total += options.ridge * std::pow(size, options.ridge_exponent) * square;
  }
  return total;
}

class Alternating : public ::testing::Test {
 protected:
  AlternatingLeastSquares als(const Interactions& interactions, const MfOptions& options) {
    return {interactions, options, *backend_, pool_};
  }
  /// The objective after some iterations.
  double fitted(const Interactions& interactions, const MfOptions& options, std::size_t iterations) {
    auto fit = als(interactions, options);
    for (std::size_t i = 0; i < iterations; ++i) fit.iterate(Progress());
    return fit.objective();
  }
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
};

testing::AlsProblem log_of(std::size_t users, std::size_t items, double length) {
  testing::AlsProblem problem;
  problem.users = users;
  problem.items = items;
  problem.mean_length = length;
  problem.tastes = 8;
  return problem;
}

TEST_F(Alternating, NamesTheObjectiveOfItsFactors) {
  const Interactions interactions(generate(log_of(60, 80, 6)));
  for (const std::size_t steps : {0, 2}) {
    const MfOptions options = small(6, steps);
    auto fit = als(interactions, options);
    for (int i = 0; i < 3; ++i) {
      const double expected = naive_objective(interactions, options, fit.user_factors(), fit.item_factors());
      EXPECT_NEAR(fit.objective(), expected, 1e-5 * expected);
      fit.iterate(Progress());
    }
  }
}

TEST_F(Alternating, LowersTheObjectiveInEveryIteration) {
  const Interactions interactions(generate(log_of(300, 400, 8)));
  for (const std::size_t steps : {0, 1, 3}) {
    auto fit = als(interactions, small(16, steps));
    double before = fit.objective();
    for (int i = 0; i < 6; ++i) {
      fit.iterate(Progress());
      EXPECT_LT(fit.objective(), before) << steps << " steps, iteration " << i;
      before = fit.objective();
    }
  }
}

TEST_F(Alternating, GivesWithManyStepsWhatCholeskyGives) {
  const Interactions interactions(generate(log_of(300, 400, 8)));
  auto exact = als(interactions, small(16, 0));
  auto descent = als(interactions, small(16, 60));
  for (int i = 0; i < 3; ++i) {
    exact.iterate(Progress());
    descent.iterate(Progress());
  }
  // The bases differ, the products do not.
  const auto product = [](const AlternatingLeastSquares& fit, std::size_t u, std::size_t i) {
    double sum = 0;
    for (std::size_t f = 0; f < 16; ++f)
      sum += static_cast<double>(fit.user_factors()(u, f)) * static_cast<double>(fit.item_factors()(i, f));
    return sum;
  };
  for (std::size_t u = 0; u < 300; u += 7) {
    for (std::size_t i = 0; i < exact.item_factors().rows; i += 5)
      EXPECT_NEAR(product(descent, u, i), product(exact, u, i), 2e-4);
  }
}

TEST_F(Alternating, ComesNearTheExactObjectiveInAFewSteps) {
  const Interactions interactions(generate(log_of(500, 400, 12)));
  const double exact = fitted(interactions, small(16, 0), 6);
  const double three_steps = fitted(interactions, small(16, 3), 6);
  EXPECT_LT(three_steps, 1.01 * exact);
  EXPECT_LT(three_steps, fitted(interactions, small(16, 1), 6));
}

TEST_F(Alternating, GivesTheSameBytesForAnyNumberOfThreads) {
  const Interactions interactions(generate(log_of(3000, 2500, 6)));  // several blocks of each kind
  for (const std::size_t steps : {0, 2}) {
    std::vector<std::vector<float>> results;
    for (const std::size_t threads : {1, 2, 3}) {
      kernels::ThreadPool pool(threads);
      AlternatingLeastSquares fit(interactions, small(8, steps), *backend_, pool);
      for (int i = 0; i < 2; ++i) fit.iterate(Progress());
      const auto items = fit.item_factors();
      results.emplace_back(items.data, items.data + items.rows * items.cols);
    }
    EXPECT_EQ(results[1], results[0]);
    EXPECT_EQ(results[2], results[0]);
  }
}

TEST_F(Alternating, TakesAnItemOfMoreUsersThanAreCopied) {
  // 70,000 users on item 0, each with one of two others: item 0's row is beyond what is copied side by side.
  TrainingData data;
  data.item_count = 3;
  for (ItemId u = 0; u < 70'000; ++u)
    data.append(std::vector<ItemId>{0, 1 + u % 2}, std::vector<float>{1, 2});
  const Interactions interactions(data);
  const double exact = fitted(interactions, small(2, 0), 3);
  // fp32 sums over 70,000 pairs, in two bases of which only one makes the Gram matrix well conditioned.
  EXPECT_NEAR(fitted(interactions, small(2, 8), 3), exact, 1e-3 * exact);
}

TEST_F(Alternating, TakesAMillionItems) {
  // Users of 20 items each that nobody else has.
  TrainingData data;
  constexpr std::size_t kOwn = 20;
  constexpr std::size_t kUsers = 50'000;
  data.item_count = kOwn * kUsers;
  std::vector<ItemId> own;
  for (std::size_t u = 0; u < kUsers; ++u) {
    own.clear();
    for (std::size_t e = 0; e < kOwn; ++e) own.push_back(static_cast<ItemId>(u * kOwn + e));
    data.append(own, std::vector<float>(kOwn, 1.0f));
  }
  const Interactions interactions(data);
  MfOptions options = small(4, 2);
  auto fit = als(interactions, options);
  const double before = fit.objective();
  fit.iterate(Progress());
  EXPECT_EQ(fit.item_factors().rows, 1'000'000u);
  EXPECT_LT(fit.objective(), before);
  const auto items = fit.item_factors();
  for (std::size_t i = 1; i < 1'000'000; i += 99'991) {
    EXPECT_TRUE(std::all_of(items.row(i), items.row(i) + 4, [](float x) { return std::isfinite(x); }));
  }
}

}  // namespace
}  // namespace segue::index
