#include <algorithm>
#include <cmath>

#include "kernels/error.h"
#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

class AlsDescend : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(AlsDescend);

/// Rows of different lengths over one table, the Gram matrix already diagonal.
struct Problem {
  Problem(Random& random, std::size_t n, std::size_t d, std::vector<std::size_t> lengths)
      : factors(random, n, d), diagonal(random.values(d, 0.5f, 30)), x(random, lengths.size(), d) {
    offsets.push_back(5);  // rows of a larger table: what stands before is not theirs
    for (const std::size_t length : lengths) offsets.push_back(offsets.back() + length);
    confidence = random.values(offsets.back(), 0, 20);
    ridge = random.values(lengths.size(), 0.5f, 3);
    items.resize(offsets.back());
    for (std::uint32_t& item : items) item = random.below(static_cast<std::uint32_t>(n));
  }
  AlsRows rows() const { return {offsets, items, confidence, ridge, 0.5f}; }
  /// The solution of row r by elimination.
  Dense expected(std::size_t r) const {
    Dense gram(diagonal.size(), diagonal.size());
    for (std::size_t i = 0; i < diagonal.size(); ++i) gram(i, i) = static_cast<double>(diagonal[i]);
    const std::size_t count = offsets[r + 1] - offsets[r];
    std::vector<float> scaled(confidence.begin() + static_cast<std::ptrdiff_t>(offsets[r]),
                              confidence.begin() + static_cast<std::ptrdiff_t>(offsets[r + 1]));
    for (float& c : scaled) c *= 0.5f;
    return reference::als_solve(gram, Dense(ConstMatrix(factors)),
                                std::span(items).subspan(offsets[r], count), scaled,
                                static_cast<double>(ridge[r]));
  }

  Table factors;
  std::vector<float> diagonal;
  Table x;
  std::vector<std::size_t> offsets;
  std::vector<std::uint32_t> items;
  std::vector<float> confidence;
  std::vector<float> ridge;
};

TEST_P(AlsDescend, ReachesTheSolutionOfEachRow) {
  Random random(1);
  for (const std::size_t d : {1, 5, 16, 33, 64, 100}) {
    const Problem problem(random, 200, d, {0, 1, 7, 65, 0, 300, 16});
    Table x(problem.x);
    backend().als_descend(problem.rows(), problem.diagonal, problem.factors, 300, x);
    EXPECT_EQ(x.view().row_span(0)[0], 0);
    EXPECT_EQ(x.view().row_span(4)[d - 1], 0);
    for (const std::size_t r : {1, 2, 3, 5, 6}) {
      const auto row = x.view().row_span(r);
      EXPECT_TRUE(near(row, problem.expected(r), 2e-5)) << d << " factors, row " << r;
    }
  }
}

TEST_P(AlsDescend, NeedsOneStepMoreThanARowHasPairs) {
  Random random(2);
  const Problem problem(random, 50, 32, {1, 2, 3});
  for (std::size_t r = 0; r < 3; ++r) {
    Table x(problem.x);
    backend().als_descend(problem.rows(), problem.diagonal, problem.factors, r + 2, x);
    const auto row = x.view().row_span(r);
    EXPECT_TRUE(near(row, problem.expected(r), 2e-5)) << r;
  }
}

TEST_P(AlsDescend, LeavesARowAsItIsInNoStepAndComesNearerInEach) {
  Random random(3);
  const Problem problem(random, 200, 24, {40});
  const Dense expected = problem.expected(0);
  double before = 1e30;
  for (const std::size_t steps : {0, 1, 2, 4, 8}) {
    Table x(problem.x);
    backend().als_descend(problem.rows(), problem.diagonal, problem.factors, steps, x);
    double distance = 0;
    for (std::size_t f = 0; f < 24; ++f) {
      distance += std::pow(static_cast<double>(x.view()(0, f)) - expected[f], 2);
    }
    EXPECT_EQ(steps == 0, near(x, Dense(ConstMatrix(problem.x)), 0));
    EXPECT_LT(distance, before);
    before = distance;
  }
}

TEST_P(AlsDescend, GivesARowTheSameBitsAloneAndAmongOthers) {
  Random random(4);
  const Problem problem(random, 100, 40, {9, 300, 2});
  Table together(problem.x);
  backend().als_descend(problem.rows(), problem.diagonal, problem.factors, 3, together);
  for (std::size_t r = 0; r < 3; ++r) {
    Table alone(problem.x);
    AlsRows rows = problem.rows();
    rows.offsets = rows.offsets.subspan(r, 2);
    rows.ridge = rows.ridge.subspan(r, 1);
    backend().als_descend(rows, problem.diagonal, problem.factors, 3, alone.view().rows_at(r, 1));
    const auto one = alone.view().row_span(r);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), together.view().row(r)));
  }
}

TEST_P(AlsDescend, RefusesASystemThatIsNotPositiveDefinite) {
  Random random(5);
  Problem problem(random, 10, 4, {3});
  const auto descend = [&] {
    backend().als_descend(problem.rows(), problem.diagonal, problem.factors, 3, problem.x);
  };
  EXPECT_NO_THROW(descend());
  problem.ridge[0] = -1000;
  EXPECT_THROW(descend(), Error);
  problem.ridge[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(descend(), Error);
  problem.ridge[0] = 1;
  problem.factors.view()(problem.items[5], 0) = std::numeric_limits<float>::infinity();
  EXPECT_THROW(descend(), Error);
}

}  // namespace
}  // namespace segue::kernels
