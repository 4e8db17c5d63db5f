#include "kernels/symmetric_eigen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace segue::kernels {
namespace {

std::vector<double> random_symmetric(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = normal(random);
  }
  return a;
}

TEST(SymmetricEigen, TakesAMatrixApartIntoItsVectors) {
  for (const std::size_t n : {1u, 2u, 3u, 17u, 64u, 130u}) {
    const auto a = random_symmetric(n, static_cast<unsigned>(n));
    std::vector<double> vectors;
    const auto values = symmetric_eigen(a, n, vectors);
    ASSERT_EQ(values.size(), n);
    for (std::size_t j = 0; j + 1 < n; ++j) EXPECT_GE(values[j], values[j + 1]);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double product = 0, dot = 0;
        for (std::size_t k = 0; k < n; ++k) {
          product += a[i * n + k] * vectors[k * n + j];
          dot += vectors[k * n + i] * vectors[k * n + j];
        }
        EXPECT_NEAR(product, values[j] * vectors[i * n + j], 1e-11 * static_cast<double>(n));
        EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-12 * static_cast<double>(n));
      }
    }
  }
}

TEST(SymmetricEigen, TakesEqualValuesNoneAndZeros) {
  std::vector<double> vectors;
  EXPECT_TRUE(symmetric_eigen({}, 0, vectors).empty());
  EXPECT_TRUE(vectors.empty());
  EXPECT_EQ(symmetric_eigen(std::vector<double>(9), 3, vectors), std::vector<double>(3));
  EXPECT_EQ(symmetric_eigen(std::vector<double>{2, 0, 0, 2}, 2, vectors), (std::vector<double>{2, 2}));
  EXPECT_EQ(vectors.size(), 4u);
}

TEST(SymmetricEigen, RefusesWhatIsNoMatrixOfNumbers) {
  std::vector<double> vectors;
  EXPECT_THROW(symmetric_eigen(std::vector<double>(5), 2, vectors), std::invalid_argument);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()})
    EXPECT_THROW(symmetric_eigen(std::vector<double>{1, bad, bad, 1}, 2, vectors), std::invalid_argument);
}

}  // namespace
}  // namespace segue::kernels
