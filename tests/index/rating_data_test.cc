#include "index/model/rating_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "tests/index/rating_fixtures.h"

namespace segue::index {
namespace {

using ::testing::ElementsAre;
using testing::kView;
using testing::log_of;

TEST(RatingData, SortsUsersByTheirBytesAndItemsByTheirRows) {
  const RatingData data = rating_data(log_of({{"b", 9, 3}, {"a", 7, 4}, {"b", 2, 5}}));
  EXPECT_THAT(data.users, ElementsAre("a", "b"));
  EXPECT_THAT(data.items, ElementsAre(2u, 7u, 9u));
  EXPECT_THAT(data.offsets, ElementsAre(0u, 1u, 3u));
  EXPECT_EQ(data.ratings, 3u);
  EXPECT_EQ(data.cells_of(1)[0].item, 0u);
  EXPECT_EQ(data.cells_of(1)[0].rating, 5);
  EXPECT_EQ(data.cells_of(1)[1].item, 2u);
}

TEST(RatingData, TakesTheNewestRatingOfAPair) {
  EXPECT_EQ(rating_data(log_of({{"a", 1, 2, 50}, {"a", 1, 4, 90}, {"a", 1, 3, 70}})).cells[0].rating, 4);
  EXPECT_EQ(rating_data(log_of({{"a", 1, 2}, {"a", 1, 5}})).cells[0].rating, 5)
      << "without times the later line";
  EXPECT_EQ(rating_data(log_of({{"a", 1, 2, 9}, {"a", 1, 1}})).cells[0].rating, 2)
      << "a time is newer than none";
}

TEST(RatingData, KeepsViewsAsTouchedAndRatingsOfWeightZero) {
  const RatingData data = rating_data(
      log_of({{"a", 1, kView}, {"a", 2, 1, NAN, 0}, {"a", 3, kView, NAN, 0}, {"a", 4, 5}, {"a", 4}}));
  EXPECT_THAT(data.items, ElementsAre(1u, 2u, 4u)) << "an unrated event of weight 0 is nothing";
  EXPECT_EQ(data.ratings, 2u);
  EXPECT_TRUE(std::isnan(data.cells[0].rating));
  EXPECT_TRUE(data.cells[0].viewed);
  EXPECT_FALSE(data.cells[1].viewed);
  EXPECT_TRUE(data.cells[2].viewed);
  EXPECT_EQ(data.cells[2].rating, 5);
}

TEST(RatingData, NamesASessionWithoutAUserByItsKey) {
  EventLog log = log_of({{"a", 1, 3}, {"b", 1, 4}});
  log.sequences[1].user = LogEvent::kNone;
  log.sequences[1].key = "s17";
  EXPECT_THAT(rating_data(log).users, ElementsAre("a", "s17"));
}

TEST(RatingData, LeavesOutWhatItIsTold) {
  const EventLog log = log_of({{"a", 1, 3}, {"a", 2, 4}, {"a", 3, 5}});
  const std::vector<std::uint8_t> left_out = {0, 1, 0};
  EXPECT_THAT(rating_data(log, left_out).items, ElementsAre(1u, 3u));
}

TEST(RatingData, OfAnEmptyLogIsEmptyAndOfAnInfiniteRatingIsRefused) {
  EXPECT_TRUE(rating_data({}).users.empty());
  EXPECT_FALSE(has_ratings(log_of({{"a", 1, kView}})));
  EXPECT_TRUE(has_ratings(log_of({{"a", 1, 0}})));
  EXPECT_THROW(rating_data(log_of({{"a", 1, INFINITY}})), std::invalid_argument);
}

TEST(RatingSplit, PartsTheRatingsAndKeepsTheRows) {
  const RatingData data = rating_data(log_of(testing::planted_ratings({.users = 200}, 1)));
  const RatingSplit split = hold_back_ratings(data, 0.25, 3);
  EXPECT_EQ(split.train.users, data.users);
  EXPECT_EQ(split.train.items, data.items);
  EXPECT_EQ(split.train.ratings + split.held_out.size(), data.ratings);
  EXPECT_NEAR(static_cast<double>(split.held_out.size()), 0.25 * static_cast<double>(data.ratings),
              4 * std::sqrt(0.25 * 0.75 * static_cast<double>(data.ratings)));
  EXPECT_EQ(hold_back_ratings(data, 0.25, 3).train.offsets, split.train.offsets);
  EXPECT_NE(hold_back_ratings(data, 0.25, 4).train.offsets, split.train.offsets);
}

TEST(RatingSplit, ForgetsThatAHeldItemWasTouchedUnlessItWasViewed) {
  const RatingData data = rating_data(log_of({{"a", 1, 3}, {"a", 2, 4}, {"a", 2, kView}}));
  const RatingSplit split = hold_back_ratings(data, 1, 1);
  ASSERT_EQ(split.held_out.size(), 2u);
  ASSERT_EQ(split.train.cells.size(), 1u);
  EXPECT_EQ(split.train.cells[0].item, 1u);
  EXPECT_TRUE(std::isnan(split.train.cells[0].rating));
}

}  // namespace
}  // namespace segue::index
