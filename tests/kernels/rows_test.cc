#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

struct Shape {
  std::size_t rows, cols;
};
// Widths below, at and just beside those of the vector units, and one that needs many.
constexpr Shape kShapes[] = {{1, 1}, {5, 3}, {9, 8}, {7, 15}, {3, 16}, {4, 17}, {6, 64}, {5, 67}, {2, 130}};

class Rows : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Rows);

TEST_P(Rows, GetTheBiasAndGiveItsGradient) {
  Random random(1);
  for (const auto& [rows, cols] : kShapes) {
    Table x(random, rows, cols);
    const std::vector<float> bias = random.values(cols);
    std::vector<float> dbias = random.values(cols);
    Dense expected(x.view());
    Dense sums(dbias);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        sums[c] += expected(r, c);
        expected(r, c) += bias[c];
      }
    }
    backend().add_bias_backward(x, dbias);
    backend().add_bias(x, bias);
    EXPECT_TRUE(near(x, expected, 1e-7)) << rows << " " << cols;
    EXPECT_TRUE(near(dbias, sums, 1e-6)) << rows << " " << cols;
    EXPECT_TRUE(x.guards_stand());
  }
}

TEST_P(Rows, AreAddedWithAFactor) {
  Random random(2);
  for (const std::size_t size : {0, 1, 7, 16, 33, 1000}) {
    const std::vector<float> x = random.values(size);
    std::vector<float> y = random.values(size);
    Dense expected(y);
    for (std::size_t i = 0; i < size; ++i) expected[i] += 0.3f * static_cast<double>(x[i]);
    backend().axpy(0.3f, x, y);
    EXPECT_TRUE(near(y, expected, 1e-7)) << size;
  }
}

TEST_P(Rows, AreNormalisedToTheirMeanAndDeviation) {
  Random random(3);
  for (const auto& [rows, cols] : kShapes) {
    // A mean of ten deviations: a one-pass variance loses its digits here.
    const Table x(random, rows, cols, 9, 11);
    const std::vector<float> gain = random.values(cols, 0.5f, 1.5f);
    const std::vector<float> bias = random.values(cols);
    Table y(rows, cols);
    std::vector<float> mean(rows);
    std::vector<float> inverse(rows);
    backend().layer_norm(x, gain, bias, y, mean, inverse);
    const Dense input{ConstMatrix(x)};
    // The mean of values near 10 is known to 1e-6, the deviation is .6: the quotient loses a digit.
    EXPECT_TRUE(near(y, reference::layer_norm(input, Dense(gain), Dense(bias)), 1e-5)) << rows << " " << cols;
    EXPECT_TRUE(y.guards_stand());
    for (std::size_t r = 0; r < rows; ++r) {
      double middle = 0;
      double variance = 0;
      for (std::size_t c = 0; c < cols; ++c) middle += input(r, c) / static_cast<double>(cols);
      for (std::size_t c = 0; c < cols; ++c) {
        variance += (input(r, c) - middle) * (input(r, c) - middle) / static_cast<double>(cols);
      }
      EXPECT_NEAR(mean[r], middle, 4e-6);
      EXPECT_NEAR(inverse[r] * std::sqrt(variance + 1e-5), 1.0, 1e-5);
    }
  }
}

TEST_P(Rows, AreNormalisedInPlaceWithoutKeepingStatistics) {
  Random random(4);
  Table x(random, 5, 67);
  const std::vector<float> gain = random.values(67);
  const std::vector<float> bias = random.values(67);
  const Dense expected = reference::layer_norm(Dense(x.view()), Dense(gain), Dense(bias));
  backend().layer_norm(x, gain, bias, x, {}, {});
  EXPECT_TRUE(near(x, expected, 2e-6));
}

TEST_P(Rows, PassThroughGelu) {
  Random random(5);
  for (const std::size_t size : {1, 7, 16, 33, 1000}) {
    std::vector<float> x = random.values(size, -6, 6);
    std::vector<float> y(size);
    backend().gelu(x, y);
    EXPECT_TRUE(near(y, reference::gelu(Dense(x)), 1e-6)) << size;
    const Dense expected = reference::gelu(Dense(x));
    backend().gelu(x, x);
    EXPECT_TRUE(near(x, expected, 1e-6)) << size << " in place";
  }
}

TEST_P(Rows, KeepGeluFiniteAtTheEnds) {
  const std::vector<float> x = {-1e30f, -1e4f, -100, -10, -0.0f, 0, 10, 100, 1e4f, 1e12f};
  std::vector<float> y(x.size());
  std::vector<float> slope(x.size(), 1);
  backend().gelu(x, y);
  backend().gelu_backward(x, slope, slope);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(y[i], x[i] > 1 ? x[i] : 0, 1e-6) << x[i];
    EXPECT_NEAR(slope[i], x[i] == 0 ? 0.5 : x[i] > 0, 1e-6) << x[i];
  }
}

TEST_P(Rows, AreScaledToOneLength) {
  Random random(6);
  for (const auto& [rows, cols] : kShapes) {
    Table x(random, rows, cols);
    for (std::size_t c = 0; c < cols; ++c) x(rows / 2, c) = 0;
    Table y(rows, cols);
    std::vector<float> norms(rows);
    backend().normalize_rows(x, 2.5f, y, norms);
    EXPECT_TRUE(near(y, reference::normalize_rows(Dense(x.view()), 2.5), 1e-6)) << rows << " " << cols;
    EXPECT_EQ(norms[rows / 2], 0.0f);
    EXPECT_TRUE(y.guards_stand());
    const Dense expected(y.view());
    backend().normalize_rows(x, 2.5f, x, {});
    EXPECT_TRUE(near(x, expected, 0));
  }
}

}  // namespace
}  // namespace segue::kernels
