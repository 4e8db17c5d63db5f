#include "kernels/dropout_mask.h"
#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

class Dropout : public EveryBackend {
 protected:
  /// What becomes of `count` ones.
  std::vector<float> fates(std::size_t count, float p, std::uint64_t seed) const {
    std::vector<float> x(count, 1.0f);
    backend().dropout(x, p, seed);
    return x;
  }
};
SEGUE_ON_EVERY_BACKEND(Dropout);

constexpr std::size_t kMany = 200'000;

/// Five standard deviations of a share that is p on average.
double five_deviations(double p) {
  return 5 * std::sqrt(p * (1 - p) / static_cast<double>(kMany));
}

double share(const std::vector<float>& a, const std::vector<float>& b, std::size_t shift) {
  std::size_t both = 0;
  for (std::size_t i = 0; i < kMany; ++i) both += a[i] == 0 && b[(i + shift) % kMany] == 0;
  return static_cast<double>(both) / static_cast<double>(kMany);
}

TEST_P(Dropout, DropsTheShareThatWasAskedFor) {
  for (const float p : {0.01f, 0.1f, 0.2f, 0.5f, 0.9f}) {
    const std::vector<float> x = fates(kMany, p, 3);
    EXPECT_NEAR(share(x, x, 0), p, five_deviations(p));
  }
}

TEST_P(Dropout, ScalesWhatIsKeptByTheInverse) {
  for (const std::size_t size : {1, 7, 16, 33, 1000}) {
    const std::vector<float> x = fates(size, 0.2f, 4);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_FLOAT_EQ(
          x[i], static_cast<float>(reference::dropout_factor(0.2f, 4, 0, static_cast<std::uint32_t>(i))));
    }
  }
}

TEST_P(Dropout, LeavesAllAloneWhenTheProbabilityIsZero) {
  EXPECT_EQ(fates(100, 0, 5), std::vector<float>(100, 1.0f));
}

TEST_P(Dropout, DropsEvenWhatIsNotFinite) {
  std::vector<float> x(1000, std::numeric_limits<float>::infinity());
  backend().dropout(x, 0.5f, 6);
  std::size_t zeros = 0;
  for (const float value : x) zeros += value == 0;
  EXPECT_GT(zeros, 400u);
}

TEST_P(Dropout, DependsOnTheIndexAndNotOnTheLength) {
  const std::vector<float> whole = fates(1000, 0.3f, 7);
  for (const std::size_t size : {1, 31, 500}) {
    const std::vector<float> head = fates(size, 0.3f, 7);
    EXPECT_TRUE(std::equal(head.begin(), head.end(), whole.begin())) << size;
  }
}

TEST_P(Dropout, DrawsIndependentMasksForDifferentSeeds) {
  constexpr double kBoth = 0.3 * 0.3;
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1} << 40}) {
    const std::vector<float> one = fates(kMany, 0.3f, seed);
    const std::vector<float> other = fates(kMany, 0.3f, seed + 1);
    for (const std::size_t shift : {0, 1, 2, 64}) {
      EXPECT_NEAR(share(one, other, shift), kBoth, five_deviations(kBoth)) << seed << " " << shift;
    }
    for (const std::size_t shift : {1, 2, 64}) {
      EXPECT_NEAR(share(one, one, shift), kBoth, five_deviations(kBoth)) << seed << " " << shift;
    }
  }
}

TEST(DropoutMask, GivesNeighbouringStreamsIndependentWords) {
  // Attention uses one stream per query: the same key must not share its fate between queries.
  constexpr std::uint32_t kStreams = 400;
  constexpr std::uint32_t kWords = 500;
  const std::uint32_t limit = drop_limit(0.3f);
  std::size_t both = 0;
  for (std::uint32_t s = 0; s + 1 < kStreams; ++s) {
    for (std::uint32_t i = 0; i < kWords; ++i) {
      both += mask_word(mask_key(9, s), i) < limit && mask_word(mask_key(9, s + 1), i) < limit;
    }
  }
  EXPECT_NEAR(static_cast<double>(both) / ((kStreams - 1) * kWords), 0.09, five_deviations(0.09));
}

TEST(DropoutMask, UsesEachBitOfItsWordsEvenly) {
  std::size_t ones[24] = {};
  for (std::uint32_t i = 0; i < kMany; ++i) {
    for (std::size_t bit = 0; bit < 24; ++bit) ones[bit] += mask_word(mask_key(1, 0), i) >> bit & 1;
  }
  for (const std::size_t count : ones) {
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(kMany), 0.5, five_deviations(0.5));
  }
}

}  // namespace
}  // namespace segue::kernels
