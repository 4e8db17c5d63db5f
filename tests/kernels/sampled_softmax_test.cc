#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

class SampledSoftmax : public EveryBackend {
 protected:
  double loss(std::vector<float>& p, Table& n, const std::vector<std::uint32_t>& targets,
              const std::vector<std::uint32_t>& ids) const {
    return backend().sampled_softmax(p, n, targets, ids, std::vector<float>(ids.size(), 0.0f), 1);
  }
};
SEGUE_ON_EVERY_BACKEND(SampledSoftmax);

TEST_P(SampledSoftmax, LeavesTheTargetOutOfItsOwnNegatives) {
  Table n(1, 3);
  n(0, 0) = 5;
  n(0, 1) = 1;
  n(0, 2) = 7;
  std::vector<float> p = {1};
  EXPECT_NEAR(loss(p, n, {4}, {4, 6, 4}), std::log(2.0), 1e-6);
  EXPECT_EQ(n(0, 0), 0.0f);
  EXPECT_NEAR(n(0, 1), 0.5, 1e-6);
  EXPECT_EQ(n(0, 2), 0.0f);
  EXPECT_NEAR(p[0], -0.5, 1e-6);
}

TEST_P(SampledSoftmax, HasNoLossWithoutCompetitors) {
  std::vector<float> p = {-30};
  Table n(1, 2);
  EXPECT_EQ(loss(p, n, {4}, {4, 4}), 0.0);
  EXPECT_EQ(p[0], 0.0f);
}

TEST_P(SampledSoftmax, KeepsItsDigitsAtBothEnds) {
  for (const float logit : {-90.0f, -20.0f, 20.0f, 90.0f}) {
    std::vector<float> p = {logit};
    Table n(1, 1);
    n(0, 0) = 0;
    const double expected = std::log1p(std::exp(-static_cast<double>(logit)));
    EXPECT_NEAR(loss(p, n, {1}, {2}) / expected, 1, 1e-5) << logit;
    const double pull = -1 / (1 + std::exp(static_cast<double>(logit)));
    EXPECT_NEAR(p[0] / pull, 1, 1e-5) << logit;
    EXPECT_EQ(n(0, 0), -p[0]) << logit;
  }
}

TEST_P(SampledSoftmax, BalancesTheGradientsOfEachRow) {
  Random random(1);
  std::vector<float> p = random.values(6, -3, 3);
  Table n(random, 6, 37, -3, 3);
  std::vector<std::uint32_t> targets(6);
  std::vector<std::uint32_t> ids(37);
  for (std::uint32_t& id : targets) id = random.below(9);
  for (std::uint32_t& id : ids) id = random.below(9);
  loss(p, n, targets, ids);
  for (std::size_t r = 0; r < 6; ++r) {
    double sum = p[r];
    for (std::size_t k = 0; k < 37; ++k) sum += n(r, k);
    EXPECT_NEAR(sum, 0, 1e-6);
  }
}

TEST_P(SampledSoftmax, ShowsANaNInItsLoss) {
  Random random(2);
  for (const std::size_t at : {0, 16, 36}) {
    std::vector<float> p = {0};
    Table n(random, 1, 37);
    n(0, at) = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(loss(p, n, {99}, std::vector<std::uint32_t>(37, 1)))) << at;
  }
}

}  // namespace
}  // namespace segue::kernels
