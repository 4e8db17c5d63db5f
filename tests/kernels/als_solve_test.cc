#include <algorithm>

#include "kernels/error.h"
#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

class AlsSolve : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(AlsSolve);

/// A system as the factorisation meets it: weight * F^T F of all rows, one user's items on top.
struct Problem {
  Problem(Random& random, std::size_t n, std::size_t d, std::size_t count)
      : factors(random, n, d), gram(d, d), items(count), confidence(random.values(count, 0, 20)) {
    const Dense f{ConstMatrix(factors)};
    const Dense product = reference::matmul(transpose(f), f);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) gram(i, j) = static_cast<float>(0.1 * product(i, j));
    }
    for (std::uint32_t& item : items) item = random.below(static_cast<std::uint32_t>(n));
  }

  Table factors;
  Table gram;
  std::vector<std::uint32_t> items;
  std::vector<float> confidence;
};

TEST_P(AlsSolve, GivesTheSolutionOfTheSystem) {
  Random random(1);
  for (const std::size_t d : {1, 5, 16, 33, 64, 128}) {
    for (const std::size_t count : {0, 1, 7, 65, 300}) {
      const Problem problem(random, 200, d, count);
      std::vector<float> x(d, 9.0f);
      backend().als_solve(problem.gram, problem.factors, problem.items, problem.confidence, 3.0f, x);
      const Dense expected =
          reference::als_solve(Dense(ConstMatrix(problem.gram)), Dense(ConstMatrix(problem.factors)),
                               problem.items, problem.confidence, 3.0);
      // Condition numbers here reach a few hundred: fp32's 6e-8 grows to 2e-5.
      EXPECT_TRUE(near(x, expected, 2e-5)) << d << " factors, " << count << " items";
    }
  }
}

TEST_P(AlsSolve, GivesZeroToAUserWithoutItems) {
  Random random(2);
  const Problem problem(random, 50, 8, 0);
  std::vector<float> x(8, 9.0f);
  backend().als_solve(problem.gram, problem.factors, {}, {}, 0.1f, x);
  EXPECT_EQ(x, std::vector<float>(8, 0.0f));
}

TEST_P(AlsSolve, CountsAnItemThatComesTwiceTwice) {
  Random random(3);
  const Problem problem(random, 50, 8, 0);
  std::vector<float> twice(8);
  std::vector<float> once(8);
  backend().als_solve(problem.gram, problem.factors, std::vector<std::uint32_t>{4, 4},
                      std::vector<float>{1, 2}, 1, twice);
  // Both add confidence 3; the right side has (1 + 1) + (1 + 2) against 1 + 3, and x is linear in it.
  backend().als_solve(problem.gram, problem.factors, std::vector<std::uint32_t>{4}, std::vector<float>{3}, 1,
                      once);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(twice[i], 1.25 * once[i], 1e-6);
}

TEST_P(AlsSolve, RefusesASystemThatIsNotPositiveDefinite) {
  Random random(4);
  const Table factors(random, 3, 4);
  Table zeros(4, 4);
  for (std::size_t i = 0; i < 4; ++i) std::fill_n(zeros.view().row(i), 4, 0.0f);
  std::vector<float> x(4);
  EXPECT_THROW(backend().als_solve(zeros, factors, {}, {}, 0, x), Error);
  EXPECT_THROW(backend().als_solve(zeros, factors, {}, {}, -1, x), Error);
  EXPECT_THROW(backend().als_solve(zeros, factors, {}, {}, std::numeric_limits<float>::quiet_NaN(), x),
               Error);
  EXPECT_THROW(backend().als_solve(zeros, factors, {}, {}, std::numeric_limits<float>::infinity(), x), Error);
}

}  // namespace
}  // namespace segue::kernels
