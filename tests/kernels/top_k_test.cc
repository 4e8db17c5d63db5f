#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Ranking = std::vector<Scored>;

class TopK : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(TopK);

TEST_P(TopK, OrdersByFallingScoreAndEqualScoresByRisingIndex) {
  const std::vector<float> scores = {1, 3, 2, 3, 1, 3};
  EXPECT_EQ(backend().top_k(scores, 4, {}), (Ranking{{1, 3}, {3, 3}, {5, 3}, {2, 2}}));
}

TEST_P(TopK, NeverShowsANaN) {
  const std::vector<float> scores = {kNaN, 1, kNaN, kNaN, 2, kNaN};
  EXPECT_EQ(backend().top_k(scores, 3, {}), (Ranking{{4, 2}, {1, 1}}));
  EXPECT_TRUE(backend().top_k(std::vector<float>(100, kNaN), 3, {}).empty());
}

TEST_P(TopK, RanksInfinitiesAtTheEnds) {
  const std::vector<float> scores = {-kInfinity, 0, kInfinity, -kInfinity};
  EXPECT_EQ(backend().top_k(scores, 3, {}), (Ranking{{2, kInfinity}, {1, 0}, {0, -kInfinity}}));
}

TEST_P(TopK, GivesWhatThereIsWhenMoreIsAskedFor) {
  EXPECT_TRUE(backend().top_k({}, 5, {}).empty());
  EXPECT_TRUE(backend().top_k(std::vector<float>{1, 2}, 0, {}).empty());
  EXPECT_EQ(backend().top_k(std::vector<float>{1, 2}, 5, {}), (Ranking{{1, 2}, {0, 1}}));
}

TEST_P(TopK, IgnoresBitsBeyondTheScores) {
  const std::vector<std::uint64_t> all = {~std::uint64_t{0}};
  EXPECT_EQ(backend().top_k(std::vector<float>{1, 2}, 5, all), (Ranking{{1, 2}, {0, 1}}));
}

TEST_P(TopK, AgreesWithASortOnAnyInput) {
  Random random(1);
  for (const std::uint32_t size : {1, 2, 15, 16, 17, 63, 64, 65, 127, 1000, 5000}) {
    for (const std::uint32_t values : {1, 3, 50, 1'000'000}) {  // few different values: many ties
      std::vector<float> scores(size);
      for (float& score : scores) score = static_cast<float>(random.below(values)) - 20.0f;
      for (std::uint32_t i = 0; i < size / 10; ++i) scores[random.below(size)] = kNaN;
      std::vector<std::uint64_t> allowed((size + 63) / 64);
      for (std::uint64_t& word : allowed) {
        word = std::uint64_t{random.below(0xffffffff)} << 32 | random.below(0xffffffff);
        if (random.below(4) == 0) word = 0;
      }
      for (const std::size_t k : {1, 2, 10, 64, 100, 6000}) {
        EXPECT_EQ(backend().top_k(scores, k, {}), reference::top_k(scores, k, {}))
            << size << " " << values << " " << k;
        EXPECT_EQ(backend().top_k(scores, k, allowed), reference::top_k(scores, k, allowed))
            << size << " " << values << " " << k;
      }
    }
  }
}

TEST_P(TopK, AgreesWithASortOnRisingAndFallingScores) {
  std::vector<float> rising(3000);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<float>(i);
  const std::vector<float> falling(rising.rbegin(), rising.rend());
  EXPECT_EQ(backend().top_k(rising, 100, {}), reference::top_k(rising, 100, {}));
  EXPECT_EQ(backend().top_k(falling, 100, {}), reference::top_k(falling, 100, {}));
}

}  // namespace
}  // namespace segue::kernels
