#include "index/model/sparse_scores.h"

#include <gtest/gtest.h>

#include <map>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

TEST(SparseScores, AddUpLikeAMapWhileTheyGrowAndAfterTheyAreCleared) {
  RandomStream random(1);
  SparseScores scores;
  for (int round = 0; round < 20; ++round) {
    std::map<ItemId, double> expected;
    std::vector<ItemId> order;
    const std::size_t range = 1 + random.below(3000);
    for (std::size_t n = random.below(4000); n > 0; --n) {
      // Items that lie close together and items that are far apart.
      const auto item = static_cast<ItemId>(random.below(range) * (round % 2 == 0 ? 1 : 1'000'003));
      if (!expected.contains(item)) order.push_back(item);
      expected[item] += static_cast<double>(n);
      scores.add(item, static_cast<double>(n));
    }
    ASSERT_EQ(scores.entries().size(), order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(scores.entries()[i], (ScoredItem{order[i], expected[order[i]]}));
      EXPECT_EQ(scores[order[i]], expected[order[i]]);
    }
    EXPECT_EQ(scores[kNoItem], 0);
    scores.clear();
    EXPECT_TRUE(scores.entries().empty());
    for (const ItemId item : order) EXPECT_EQ(scores[item], 0);
  }
}

}  // namespace
}  // namespace segue::index
