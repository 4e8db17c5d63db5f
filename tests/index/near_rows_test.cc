#include "index/vector/near_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// Unit rows around some hundred centres.
std::vector<float> clustered(std::size_t rows, std::size_t width) {
  constexpr std::size_t kClusters = 300;
  RandomStream random(3);
  std::vector<float> centres(kClusters * width);
  for (float& x : centres) x = random.normal();
  std::vector<float> all(rows * width);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* centre = centres.data() + random.below(kClusters) * width;
    double squares = 0;
    for (std::size_t c = 0; c < width; ++c) {
      const float x = centre[c] + 0.7f * random.normal();
      all[r * width + c] = x;
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    for (std::size_t c = 0; c < width; ++c) all[r * width + c] /= static_cast<float>(std::sqrt(squares));
  }
  return all;
}

/// The share of the 20 nearest rows that are found, over some of the rows as queries.
double recall(std::size_t rows) {
  constexpr std::size_t kWidth = 24, kNearest = 20, kQueries = 50;
  const std::vector<float> all = clustered(rows, kWidth);
  const NearRows near({all.data(), rows, kWidth});
  std::size_t found = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    const std::span<const float> query(all.data() + q * (rows / kQueries) * kWidth, kWidth);
    std::vector<std::pair<double, std::size_t>> exact;
    for (std::size_t r = 0; r < rows; ++r) {
      double product = 0;
      for (std::size_t c = 0; c < kWidth; ++c)
        product += static_cast<double>(query[c]) * static_cast<double>(all[r * kWidth + c]);
      exact.emplace_back(-product, r);
    }
    std::partial_sort(exact.begin(), exact.begin() + kNearest, exact.end());
    const auto hits = near.search({query.data(), 1, kWidth}, kNearest).at(0);
    EXPECT_EQ(hits.size(), kNearest);
    EXPECT_TRUE(std::is_sorted(hits.begin(), hits.end(),
                               [](const auto& a, const auto& b) { return a.score > b.score; }));
    for (const ScoredItem& hit : hits) {
      const auto is_hit = [&](const auto& pair) { return pair.second == hit.item; };
      const auto at = std::find_if(exact.begin(), exact.begin() + kNearest, is_hit);
      if (at == exact.begin() + kNearest) continue;
      ++found;
      EXPECT_NEAR(hit.score, -at->first, 1e-5);
    }
  }
  return static_cast<double>(found) / (kQueries * kNearest);
}

TEST(NearRows, AreTheNearestUpToALimit) {
  EXPECT_EQ(recall(2000), 1);
}

TEST(NearRows, AreNearlyAllOfTheNearestBeyondIt) {
  EXPECT_GT(recall(NearRows::kExactRows + 10000), 0.9);
}

TEST(NearRows, RefuseAQueryOfAnotherWidth) {
  const std::vector<float> all = clustered(NearRows::kExactRows + 1, 4);
  const NearRows near({all.data(), NearRows::kExactRows + 1, 4});
  const std::vector<float> zeros(6);
  EXPECT_THROW(near.search({zeros.data(), 2, 3}, 5), std::invalid_argument);
  EXPECT_TRUE(near.search({zeros.data(), 0, 4}, 5).empty());
  EXPECT_TRUE(near.search({zeros.data(), 1, 4}, 0).at(0).empty());
}

}  // namespace
}  // namespace segue::index
