#include "index/model/rating_training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "index/model/rating_model.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"
#include "tests/index/rating_fixtures.h"

namespace segue::index {
namespace {

using testing::bytes_of;
using testing::kView;
using testing::log_of;
using testing::make_catalogue;
using testing::Planted;
using testing::planted_ratings;
using testing::Rated;
using testing::TemporaryFolder;

class RatingTraining : public ::testing::Test {
 protected:
  RatingEnvironment environment(kernels::ThreadPool& pool) { return {*backend_, pool, progress_}; }
  RatingFactorization train(const RatingData& data, RatingOptions options, RatingMethod method) {
    options.method = method;
    return train_rating(data, options, environment(pool_));
  }
  /// Trains on nine tenths of what was planted and measures on the tenth, in deviations of the noise.
  double error_of(const Planted& planted, RatingMethod method) {
    const RatingSplit split = hold_back_ratings(rating_data(log_of(planted_ratings(planted, 11))), 0.1, 5);
    RatingOptions options;
    options.factors = 4;
    options.ridge = 0.03;
    const RatingFactorization model = train(split.train, options, method);
    double squares = 0;
    for (const HeldRating& held : split.held_out) {
      const double error =
          static_cast<double>(held.rating) - model.predict(held.user, split.train.items[held.item]);
      squares += error * error;
    }
    return std::sqrt(squares / static_cast<double>(split.held_out.size())) / planted.noise;
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

constexpr RatingMethod kMethods[] = {RatingMethod::kAls, RatingMethod::kSgd, RatingMethod::kSvdpp};

TEST_F(RatingTraining, FindsPlantedBiases) {
  for (const RatingMethod method : kMethods)
    EXPECT_LT(error_of({.biases = 0.8, .noise = 0.3}, method), 1.25) << to_string(method);
}

TEST_F(RatingTraining, FindsPlantedFactors) {
  const Planted planted{.users = 400, .rated = 25, .taste = 1, .noise = 0.4};
  // Factors have deviation sqrt(2): without them the error would be 3.7.
  for (const RatingMethod method : kMethods) EXPECT_LT(error_of(planted, method), 1.5) << to_string(method);
}

TEST_F(RatingTraining, FindsTasteInWhatWasTouchedOnlyWithImplicitFeedback) {
  // Few ratings a user, but what else was viewed tells the taste.
  const Planted planted{.users = 3000, .rated = 3, .viewed = 12, .implicit = 1, .noise = 0.4};
  const double with = error_of(planted, RatingMethod::kSvdpp);
  EXPECT_LT(with, 0.9 * error_of(planted, RatingMethod::kSgd));
  EXPECT_LT(with, 0.9 * error_of(planted, RatingMethod::kAls));
}

TEST_F(RatingTraining, ChoosesTheMethodThatIsBestOnHeldBackRatings) {
  const RatingData data = rating_data(
      log_of(planted_ratings({.users = 3000, .rated = 3, .viewed = 12, .implicit = 1, .noise = 0.4}, 4)));
  RatingOptions options;
  options.factors = 4;
  options.ridge = 0.03;
  const RatingChoice choice = choose_rating(data, options, environment(pool_));
  EXPECT_EQ(choice.options.method, RatingMethod::kSvdpp);
  ASSERT_EQ(choice.curves.size(), 3u);
  const LearningCurve& curve = choice.curves[0];
  EXPECT_EQ(curve.model, "rating (svdpp)");
  EXPECT_EQ(curve.measure, "RMSE");
  EXPECT_EQ(choice.error.rmse, curve.points[choice.options.epochs - 1].validation);
  EXPECT_LT(curve.points.back().loss, 0.5 * curve.points.front().loss);
  for (const LearningCurve& tried : choice.curves) {
    for (const LearningPoint& point : tried.points)
      EXPECT_GE(point.validation.value(), choice.error.rmse * (1 - 1e-5)) << tried.model;
  }
}

TEST_F(RatingTraining, GivesTheSameBytesForAnyNumberOfThreads) {
  const RatingData data = rating_data(log_of(planted_ratings({.users = 200, .viewed = 5, .taste = 1}, 8)));
  const TemporaryFolder folder;
  kernels::ThreadPool one(1);
  kernels::ThreadPool three(3);
  for (const RatingMethod method : kMethods) {
    RatingOptions options;
    options.method = method;
    options.epochs = 4;
    train_rating(data, options, environment(one)).save(folder / "one");
    train_rating(data, options, environment(three)).save(folder / "three");
    EXPECT_EQ(bytes_of(folder / "one"), bytes_of(folder / "three")) << to_string(method);
    options.seed = 2;
    train_rating(data, options, environment(one)).save(folder / "other");
    EXPECT_NE(bytes_of(folder / "one"), bytes_of(folder / "other")) << to_string(method);
  }
  const RatingChoice first = choose_rating(data, {}, environment(one));
  const RatingChoice second = choose_rating(data, {}, environment(three));
  EXPECT_EQ(first.options, second.options);
  ASSERT_EQ(first.curves.size(), second.curves.size());
  for (std::size_t c = 0; c < first.curves.size(); ++c) {
    ASSERT_EQ(first.curves[c].points.size(), second.curves[c].points.size());
    for (std::size_t p = 0; p < first.curves[c].points.size(); ++p) {
      EXPECT_EQ(first.curves[c].points[p].loss, second.curves[c].points[p].loss);
      EXPECT_EQ(first.curves[c].points[p].validation, second.curves[c].points[p].validation);
    }
  }
}

TEST_F(RatingTraining, DoesNotMindTheUnitOfTheRatings) {
  std::vector<Rated> events = planted_ratings({.users = 80, .taste = 1}, 6);
  const RatingData stars = rating_data(log_of(events));
  for (Rated& event : events) event.rating = 256 * event.rating;  // a power of two rounds alike
  const RatingData points = rating_data(log_of(events));
  for (const RatingMethod method : kMethods) {
    const RatingFactorization a = train(stars, {}, method);
    const RatingFactorization b = train(points, {}, method);
    EXPECT_NEAR(256 * a.predict(3, 5), b.predict(3, 5), 1e-2) << to_string(method);
  }
}

TEST_F(RatingTraining, PredictsTheOneRatingThatItKnows) {
  const RatingData same = rating_data(log_of({{"a", 0, 4}, {"a", 1, 4}, {"b", 0, 4}, {"b", 2, kView}}));
  const RatingData one = rating_data(log_of({{"a", 0, 4}}));
  for (const RatingMethod method : kMethods) {
    for (const RatingData* data : {&same, &one}) {
      const RatingFactorization model = train(*data, {}, method);
      EXPECT_EQ(model.predict(0, 0), 4) << to_string(method);
      EXPECT_EQ(model.predict(std::nullopt, 99), 4) << to_string(method);
      EXPECT_TRUE(model.is_finite());
    }
  }
}

TEST_F(RatingTraining, HandlesOneUserAndOneItem) {
  std::vector<Rated> one_user;
  std::vector<Rated> one_item;
  for (ItemId n = 0; n < 40; ++n) {
    one_user.push_back({"a", n, static_cast<float>(1 + n % 5)});
    one_item.push_back({"u" + std::to_string(n), 0, static_cast<float>(1 + n % 5)});
  }
  for (const RatingMethod method : kMethods) {
    EXPECT_TRUE(train(rating_data(log_of(one_user)), {}, method).is_finite()) << to_string(method);
    EXPECT_TRUE(train(rating_data(log_of(one_item)), {}, method).is_finite()) << to_string(method);
  }
}

TEST_F(RatingTraining, FallsBackForUnknownUsersAndItemsAndStaysOnTheScale) {
  std::vector<Rated> events = planted_ratings({.users = 60, .biases = 2, .noise = 0.1}, 2);
  events.push_back({"viewer", 3, kView});
  const RatingData data = rating_data(log_of(events));
  const RatingFactorization model = train(data, {}, RatingMethod::kSgd);
  EXPECT_NEAR(model.predict(std::nullopt, kNoItem), model.mean(), 1e-9);
  const double bias = static_cast<double>(model.user_bias()[0]);
  EXPECT_NEAR(model.predict(0, kNoItem),
              std::clamp(model.mean() + bias, double{model.scale().least}, double{model.scale().most}), 1e-6);
  EXPECT_EQ(model.find_user("nobody"), std::nullopt);
  const auto viewer = model.find_user("viewer");
  ASSERT_TRUE(viewer);
  EXPECT_EQ(model.predict(viewer, 3), model.predict(std::nullopt, 3)) << "views say nothing without y";
  for (std::size_t u = 0; u < data.users.size(); ++u) {
    for (ItemId i = 0; i < 60; ++i) {
      EXPECT_GE(model.predict(u, i), double{model.scale().least});
      EXPECT_LE(model.predict(u, i), double{model.scale().most});
    }
  }
}

TEST_F(RatingTraining, SavesAndOpensAndRefusesWhatDoesNotFit) {
  const RatingData data = rating_data(log_of(planted_ratings({.users = 40, .viewed = 3, .taste = 1}, 2)));
  const TemporaryFolder folder;
  for (const RatingMethod method : kMethods) {
    const RatingFactorization model = train(data, {}, method);
    model.save(folder / "rating");
    const RatingFactorization opened = RatingFactorization::open(folder / "rating", 60);
    EXPECT_EQ(opened.method(), method);
    EXPECT_EQ(opened.find_user("u1007"), model.find_user("u1007"));
    for (ItemId i = 0; i < 60; ++i) EXPECT_EQ(opened.predict(7, i), model.predict(7, i));
    EXPECT_THROW(RatingFactorization::open(folder / "rating", 10), Error) << "another catalogue";
  }
}

TEST_F(RatingTraining, SaysWhatToDoWhenItDiverges) {
  const RatingData data = rating_data(log_of(planted_ratings({.taste = 1}, 2)));
  RatingOptions options;
  options.rate = 1;
  options.ridge = 1e-6;
  options.epochs = 50;
  options.rate_decay = 1;
  options.method = RatingMethod::kSgd;
  try {
    train_rating(data, options, environment(pool_));
    FAIL() << "it did not diverge";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find("rating.rate"), std::string::npos);
  }
  options.ridge = 0;
  EXPECT_THROW(train_rating(data, options, environment(pool_)), std::invalid_argument);
  EXPECT_THROW(train(rating_data({}), {}, RatingMethod::kAls), std::invalid_argument) << "no rating";
}

TEST_F(RatingTraining, MeasuresNothingOnAFewRatings) {
  const RatingChoice choice =
      choose_rating(rating_data(log_of({{"a", 0, 4}, {"b", 1, 2}})), {}, environment(pool_));
  EXPECT_EQ(choice.error.events, 0u);
  EXPECT_EQ(choice.options.method, RatingMethod::kSvdpp);
}

class RatingSessions : public RatingTraining {};

TEST_F(RatingSessions, ScoresAreDistancesOfPredictionsFromTheMean) {
  // A user who only viewed is predicted as a session of the same items.
  std::vector<Rated> events = planted_ratings({.users = 200, .viewed = 5, .taste = 1, .implicit = 1}, 3);
  for (const ItemId item : {4u, 9u, 17u}) events.push_back({"viewer", item, kView});
  const RatingData data = rating_data(log_of(events));
  const Catalogue catalogue = make_catalogue(61);
  const RatingModel model(train(data, {}, RatingMethod::kSvdpp), catalogue, *backend_);
  const std::vector<ItemId> session = {9, 4, 17, 4, 60};
  const auto encoded = model.encode(session);
  ASSERT_NE(encoded, nullptr);
  std::vector<double> scores(61);
  encoded->score_all(scores);
  const RatingFactorization& ratings = model.factorization();
  for (ItemId i = 0; i < 60; ++i) {
    const double expected =
        std::clamp(ratings.mean() + scores[i], double{ratings.scale().least}, double{ratings.scale().most});
    EXPECT_NEAR(ratings.predict(ratings.find_user("viewer"), i), expected, 1e-5);
  }
  EXPECT_EQ(scores[60], 0) << "nobody rated it";
  EXPECT_EQ(model.encode(std::vector<ItemId>{60}), nullptr);
  EXPECT_EQ(model.encode(std::vector<ItemId>{}), nullptr);
}

TEST_F(RatingSessions, FoldsInByRidgeRegressionWithoutImplicitFeedback) {
  const RatingData data = rating_data(log_of(planted_ratings({.taste = 1}, 3)));
  RatingOptions options;
  options.factors = 1;  // where the regression is one division
  const Catalogue catalogue = make_catalogue(60);
  const RatingModel model(train(data, options, RatingMethod::kAls), catalogue, *backend_);
  const std::vector<ItemId> session = {5, 6, 7};
  double sum = 0;
  double squares = 0;
  const RatingFactorization& ratings = model.factorization();
  for (const ItemId item : session) {
    const double q = static_cast<double>(ratings.item_factors()(item, 0));
    sum += q;
    squares += q * q;
  }
  const double expected = ratings.deviation() * sum / (squares + ratings.deviation() * 3 * options.ridge);
  EXPECT_NEAR(model.fold_in(session)[0], expected, 1e-4 * std::abs(expected));
}

TEST_F(RatingSessions, HeadAndMomentsAreThoseOfAllScores) {
  const RatingData data = rating_data(log_of(planted_ratings({.taste = 1, .implicit = 1}, 3)));
  const Catalogue catalogue = make_catalogue(70, {3, 65});
  for (const RatingMethod method : kMethods) {
    const RatingModel model(train(data, {}, method), catalogue, *backend_);
    const std::vector<ItemId> session = {1, 2, 30};
    const auto encoded = model.encode(session);
    std::vector<double> scores(70);
    encoded->score_all(scores);
    double mean = 0;
    double squares = 0;
    for (ItemId i = 0; i < 70; ++i) {
      if (!catalogue.searchable().contains(i)) continue;
      mean += scores[i] / 68;
      squares += scores[i] * scores[i] / 68;
    }
    const ScoreMoments moments = encoded->moments(ItemGroup::kSearchable);
    EXPECT_NEAR(moments.mean, mean, 1e-5);
    EXPECT_NEAR(moments.deviation, std::sqrt(squares - mean * mean), 1e-5);
    const auto top = encoded->top(5, &catalogue.searchable());
    ASSERT_EQ(top.size(), 5u);
    for (const ScoredItem& hit : top) {
      EXPECT_EQ(hit.score, scores[hit.item]);
      std::size_t ahead = 0;
      for (ItemId i = 0; i < 60; ++i)
        ahead += catalogue.searchable().contains(i) && ranks_before({i, scores[i]}, hit) ? 1 : 0;
      EXPECT_EQ(hit, top[ahead]);
    }
  }
}

}  // namespace
}  // namespace segue::index
