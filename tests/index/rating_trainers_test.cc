// The trainers against what the books say, in doubles and one rating at a time.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "index/model/rating_als.h"
#include "index/model/rating_sgd.h"
#include "kernels/backend.h"
#include "tests/index/rating_fixtures.h"

namespace segue::index {
namespace {

using testing::kView;
using testing::log_of;
using testing::planted_ratings;

void run_epoch(RatingTrainer& trainer) {
  while (!trainer.advance()) {
  }
}

RatingOptions small_options() {
  RatingOptions options;
  options.factors = 3;
  options.rate = 0.05;
  options.ridge = 0.1;
  options.bias_ridge = 0.03;
  return options;
}

/// Koren's SVD++ (KDD 2008) to the letter: at each rating b_u, b_i, p_u, q_i and every y_j of N(u) take a
/// step.
struct Literal {
  std::vector<std::vector<double>> p, q, y;
  std::vector<double> user_bias, item_bias;

  explicit Literal(const RatingFactors& start)
      : user_bias(start.user_bias.size()), item_bias(start.item_bias.size()) {
    for (std::size_t u = 0; u < user_bias.size(); ++u)
      p.emplace_back(start.user_row(u).begin(), start.user_row(u).end());
    for (std::size_t i = 0; i < item_bias.size(); ++i) {
      q.emplace_back(start.item_row(i).begin(), start.item_row(i).end());
      y.emplace_back(start.factors);
    }
  }

  void visit(const RatingFactors& units, const RatingData& data, std::size_t u, const RatingOptions& o,
             bool implicit) {
    const auto cells = data.cells_of(u);
    const double root = 1 / std::sqrt(static_cast<double>(cells.size()));
    for (const RatingData::Cell& cell : cells) {
      if (std::isnan(cell.rating)) continue;
      std::vector<double> v = p[u];
      for (std::size_t k = 0; k < v.size() && implicit; ++k) {
        for (const RatingData::Cell& other : cells) v[k] += root * y[other.item][k];
      }
      double e = static_cast<double>(units.standardised(cell.rating)) - user_bias[u] - item_bias[cell.item];
      for (std::size_t k = 0; k < v.size(); ++k) e -= q[cell.item][k] * v[k];
      user_bias[u] += o.rate * (e - o.bias_ridge * user_bias[u]);
      item_bias[cell.item] += o.rate * (e - o.bias_ridge * item_bias[cell.item]);
      for (std::size_t k = 0; k < v.size(); ++k) {
        const double old = q[cell.item][k];
        q[cell.item][k] += o.rate * (e * v[k] - o.ridge * old);
        p[u][k] += o.rate * (e * old - o.ridge * p[u][k]);
        for (const RatingData::Cell& other : cells) {
          if (implicit) y[other.item][k] += o.rate * (e * root * old - o.ridge * y[other.item][k]);
        }
      }
    }
  }
};

class EverySgd : public ::testing::TestWithParam<bool> {};

TEST_P(EverySgd, MovesAsTheAlgorithmToTheLetter) {
  const bool implicit = GetParam();
  const RatingOptions options = small_options();
  std::vector<testing::Rated> events = planted_ratings({.users = 1, .items = 12, .rated = 6, .viewed = 4}, 5);
  const RatingData data = rating_data(log_of(events));
  const auto trainer = make_rating_sgd(data, options, implicit);
  Literal literal(trainer->factors());
  double rate_scale = 1;
  for (int epoch = 0; epoch < 5; ++epoch) {
    run_epoch(*trainer);
    RatingOptions now = options;
    now.rate *= rate_scale;
    literal.visit(trainer->factors(), data, 0, now, implicit);
    rate_scale *= options.rate_decay;
  }
  const RatingFactors& factors = trainer->factors();
  EXPECT_NEAR(factors.user_bias[0], literal.user_bias[0], 2e-6);
  for (std::size_t k = 0; k < factors.factors; ++k)
    EXPECT_NEAR(factors.user_row(0)[k], literal.p[0][k], 2e-6);
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    EXPECT_NEAR(factors.item_bias[i], literal.item_bias[i], 2e-6);
    for (std::size_t k = 0; k < factors.factors; ++k) {
      EXPECT_NEAR(factors.item_row(i)[k], literal.q[i][k], 2e-6);
      const float y = implicit ? factors.implicit_row(i)[k] : 0;
      EXPECT_NEAR(y, literal.y[i][k], 2e-6);
    }
  }
}

TEST_P(EverySgd, StepsDownTheGradientOfTheObjective) {
  const bool implicit = GetParam();
  RatingOptions options = small_options();
  options.rate = 1e-3;
  // One rating, so that one step is the whole gradient; another one of the same value gives the scale.
  const RatingData data = rating_data(log_of({{"a", 0, 5}, {"a", 1, kView}, {"a", 2, kView}, {"b", 3, 1}}));
  const auto trainer = make_rating_sgd(data, options, implicit);
  run_epoch(*trainer);  // y leaves 0
  const RatingFactors before = trainer->factors();
  run_epoch(*trainer);
  const RatingFactors& after = trainer->factors();
  const double rate = options.rate * options.rate_decay;
  const auto check = [&](std::vector<float> RatingFactors::*member) {
    for (std::size_t n = 0; n < (before.*member).size(); ++n) {
      RatingFactors moved = before;
      constexpr float h = 1e-2f;
      (moved.*member)[n] = (before.*member)[n] + h;
      const double above = rating_objective(moved, data, options);
      (moved.*member)[n] = (before.*member)[n] - h;
      const double slope = (above - rating_objective(moved, data, options)) / (2 * static_cast<double>(h));
      const double step = static_cast<double>((after.*member)[n] - (before.*member)[n]);
      EXPECT_NEAR(step, -rate * slope / 2, 0.01 * rate) << "parameter " << n;
    }
  };
  check(&RatingFactors::user_bias);
  check(&RatingFactors::item_bias);
  check(&RatingFactors::user);
  check(&RatingFactors::item);
  check(&RatingFactors::implicit);
}

INSTANTIATE_TEST_SUITE_P(Rating, EverySgd, ::testing::Bool(),
                         [](const auto& sgd) { return sgd.param ? "Svdpp" : "Sgd"; });

TEST(RatingAls, LeavesNoSlopeInTheSideThatItSolvedLast) {
  const RatingOptions options = small_options();
  const RatingData data =
      rating_data(log_of(planted_ratings({.users = 30, .items = 20, .rated = 9, .taste = 1}, 2)));
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  const auto trainer = make_rating_als(data, options, *backend, pool);
  run_epoch(*trainer);
  // Items were solved last: the gradient by factors and bias of each of them vanishes.
  const RatingFactors& factors = trainer->factors();
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    std::vector<double> gradient(factors.factors + 1);
    double size = 0;
    for (std::size_t u = 0; u < data.users.size(); ++u) {
      for (const RatingData::Cell& cell : data.cells_of(u)) {
        if (cell.item != i) continue;
        double e = static_cast<double>(factors.standardised(cell.rating) - factors.user_bias[u] -
                                       factors.item_bias[i]);
        const auto p = factors.user_row(u);
        for (std::size_t k = 0; k < p.size(); ++k) e -= static_cast<double>(p[k] * factors.item_row(i)[k]);
        for (std::size_t k = 0; k < p.size(); ++k)
          gradient[k] +=
              options.ridge * static_cast<double>(factors.item_row(i)[k]) - e * static_cast<double>(p[k]);
        gradient.back() += options.bias_ridge * static_cast<double>(factors.item_bias[i]) - e;
        size += std::abs(e);
      }
    }
    for (const double slope : gradient) EXPECT_NEAR(slope, 0, 1e-5 * (1 + size)) << "item " << i;
  }
}

TEST(RatingAls, NeverRaisesTheObjective) {
  const RatingOptions options = small_options();
  const RatingData data =
      rating_data(log_of(planted_ratings({.users = 100, .items = 40, .rated = 12, .taste = 1}, 3)));
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(1);
  const auto trainer = make_rating_als(data, options, *backend, pool);
  double last = rating_objective(trainer->factors(), data, options);
  const double first = last;
  for (int half = 0; half < 12; ++half) {
    trainer->advance();
    const double now = rating_objective(trainer->factors(), data, options);
    EXPECT_LE(now, last * (1 + 1e-6)) << "half " << half;
    last = now;
  }
  EXPECT_LT(last, 0.6 * first);
}

TEST(RatingAls, SolvesRowsOfMoreRatingsThanOneProductHolds) {
  // 700 users rate one item: its bias is the ridge regression on a constant.
  std::vector<testing::Rated> events;
  for (int u = 0; u < 700; ++u) events.push_back({"u" + std::to_string(u), 0, static_cast<float>(1 + u % 5)});
  events.push_back({"u0", 1, 5});
  const RatingData data = rating_data(log_of(events));
  RatingOptions options = small_options();
  options.ridge = 1e6;  // biases alone
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  const auto trainer = make_rating_als(data, options, *backend, pool);
  run_epoch(*trainer);
  const RatingFactors& factors = trainer->factors();
  double sum = 0;
  for (std::size_t u = 0; u < 700; ++u)
    sum += static_cast<double>(factors.standardised(data.cells_of(u)[0].rating) - factors.user_bias[u]);
  EXPECT_NEAR(factors.item_bias[0], sum / (700 * (1 + options.bias_ridge)), 1e-5);
}

}  // namespace
}  // namespace segue::index
