#include "query/operators/diversify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>
#include <vector>

#include "index/model/random_stream.h"
#include "index/vector/vector_index.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::ScoredItem;

/// 400 items of 8 kinds, one direction each with a little of another; the popular ones are mostly of kind 0.
class DiversifyTest : public testing::Test {
 protected:
  static constexpr std::size_t kItems = 400;
  static constexpr std::size_t kKinds = 8;

  DiversifyTest() {
    index::RandomStream random(7);
    std::vector<float> rows(kItems * kKinds, 0.0f);
    for (std::size_t i = 0; i < kItems; ++i) {
      kinds_.push_back(i < 40 && i % 4 != 3 ? 0 : random.below(kKinds));
      rows[i * kKinds + kinds_[i]] = 1;
      rows[i * kKinds + random.below(kKinds)] += 0.3f;
      popular_.push_back({static_cast<ItemId>(i), std::log(1000.0 / static_cast<double>(1 + i))});
    }
    std::vector<ItemId> items(kItems);
    std::iota(items.begin(), items.end(), ItemId{0});
    vectors_ =
        index::VectorIndex::build({rows.data(), kItems, kKinds, kKinds}, items, index::Metric::kCosine);
  }
  std::size_t kinds_in(const std::vector<ScoredItem>& ranked, std::size_t k) const {
    std::set<std::size_t> found;
    for (std::size_t i = 0; i < k; ++i) found.insert(kinds_[ranked[i].item]);
    return found.size();
  }

  std::vector<std::size_t> kinds_;
  std::vector<ScoredItem> popular_;
  std::unique_ptr<index::VectorIndex> vectors_;
};

TEST_F(DiversifyTest, TheHeadHoldsMoreKindsTheMoreIsAskedFor) {
  std::size_t last = kinds_in(popular_, 10);
  EXPECT_LE(last, 3u);
  for (const double share : {0.3, 0.6, 0.9}) {
    const std::size_t now = kinds_in(diversify(popular_, share, *vectors_), 10);
    EXPECT_GE(now, last) << share;
    last = now;
  }
  EXPECT_GE(last, 5u);
}

TEST_F(DiversifyTest, KeepsEveryItemAndFallingScores) {
  for (const double share : {0.1, 0.5, 0.95}) {
    const auto ranked = diversify(popular_, share, *vectors_);
    EXPECT_TRUE(std::is_sorted(ranked.begin(), ranked.end(), index::ranks_before)) << share;
    std::set<ItemId> items;
    for (const ScoredItem& item : ranked) {
      items.insert(item.item);
      EXPECT_LE(item.score, popular_[item.item].score);
      EXPECT_GE(item.score, popular_[item.item].score + std::log(1 - share) - 1e-12);
    }
    EXPECT_EQ(items.size(), kItems);
    EXPECT_EQ(ranked.front(), popular_.front()) << "nothing is above the first to be like";
  }
}

TEST_F(DiversifyTest, ScoresAreTheFormulaOverTheHead) {
  const auto ranked = diversify(popular_, 0.5, *vectors_);
  const auto cosine = [&](ItemId a, ItemId b) {
    double score = 0;
    vectors_->score(vectors_->vector(a), {&b, 1}, {&score, 1});
    return score;
  };
  for (std::size_t i = 0; i < 50; ++i) {
    double nearest = 0;
    for (std::size_t j = 0; j < i; ++j) nearest = std::max(nearest, cosine(ranked[j].item, ranked[i].item));
    EXPECT_NEAR(ranked[i].score, popular_[ranked[i].item].score + std::log(0.5) * nearest, 1e-5) << i;
  }
}

TEST_F(DiversifyTest, TheHeadDoesNotDependOnHowManyAreAskedFor) {
  const auto all = diversify(popular_, 0.5, *vectors_);
  const auto some = diversify({popular_.begin(), popular_.begin() + kDiversified}, 0.5, *vectors_);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
}

TEST_F(DiversifyTest, NothingIsAskedForNothingChanges) {
  EXPECT_EQ(diversify(popular_, 0, *vectors_), popular_);
  EXPECT_TRUE(diversify({}, 0.5, *vectors_).empty());
}

TEST_F(DiversifyTest, ItemsWithoutAVectorAreLikeNone) {
  const std::vector<ItemId> only{1};
  const std::vector<float> row{1, 0};
  const auto one = index::VectorIndex::build({row.data(), 1, 2, 2}, only, index::Metric::kCosine);
  const std::vector<ScoredItem> few(popular_.begin(), popular_.begin() + 20);
  EXPECT_EQ(diversify(few, 0.9, *one), few);
}

TEST_F(DiversifyTest, EqualScoresStandInTheOrderOfTheirItems) {
  std::vector<ScoredItem> level;
  for (ItemId i = 0; i < kItems; ++i) level.push_back({i, 1});
  const auto ranked = diversify(level, 0.5, *vectors_);
  EXPECT_TRUE(std::is_sorted(ranked.begin(), ranked.end(), index::ranks_before));
}

}  // namespace
}  // namespace segue::query
