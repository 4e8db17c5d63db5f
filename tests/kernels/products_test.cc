#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

// A sum of k products of values in [-1, 1], added up in fp32: about sqrt(k) roundings of values up to
// sqrt(k).
constexpr double kTolerance = 4e-6;

class Products : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Products);

struct Lengths {
  std::size_t m, n, k;
};
constexpr Lengths kLengths[] = {{1, 1, 1}, {5, 7, 3}, {50, 50, 64}, {33, 17, 129}, {3, 130, 1}, {70, 1, 19}};

TEST_P(Products, MultiplyInAllFourTranspositions) {
  Random random(1);
  for (const auto& [m, n, k] : kLengths) {
    for (const Op op_a : {Op::kNone, Op::kTranspose}) {
      for (const Op op_b : {Op::kNone, Op::kTranspose}) {
        const bool flip_a = op_a == Op::kTranspose;
        const bool flip_b = op_b == Op::kTranspose;
        const Table a(random, flip_a ? k : m, flip_a ? m : k);
        const Table b(random, flip_b ? n : k, flip_b ? k : n);
        Table c(random, m, n);
        const Dense left(a);
        const Dense right(b);
        Dense expected =
            reference::matmul(flip_a ? transpose(left) : left, flip_b ? transpose(right) : right);
        const Dense before(c.view());
        for (std::size_t i = 0; i < expected.values.size(); ++i)
          expected[i] = 0.5 * expected[i] + 2 * before[i];
        backend().matmul(a, op_a, b, op_b, 0.5f, 2.0f, c);
        EXPECT_TRUE(near(c, expected, kTolerance)) << m << " " << n << " " << k << " " << flip_a << flip_b;
        EXPECT_TRUE(c.guards_stand());
      }
    }
  }
}

TEST_P(Products, OverwriteWhatWasThereWhenBetaIsZero) {
  Random random(2);
  const Table a(random, 9, 6);
  const Table b(random, 6, 11);
  Table c(random, 9, 11);
  c(3, 4) = std::numeric_limits<float>::quiet_NaN();
  backend().matmul(a, Op::kNone, b, Op::kNone, 1, 0, c);
  EXPECT_TRUE(near(c, reference::matmul(Dense(ConstMatrix(a)), Dense(ConstMatrix(b))), kTolerance));
}

TEST_P(Products, TakeEmptyMatrices) {
  Table c(2, 3);
  c(1, 2) = 7;
  backend().matmul(ConstMatrix(nullptr, 2, 0), Op::kNone, ConstMatrix(nullptr, 0, 3), Op::kNone, 1, 0, c);
  EXPECT_EQ(c(1, 2), 0.0f);
  backend().matmul(ConstMatrix(nullptr, 0, 4), Op::kNone, Table(4, 3), Op::kNone, 1, 0,
                   Matrix(nullptr, 0, 3));
}

TEST_P(Products, MultiplyAMatrixByAVector) {
  Random random(3);
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {7, 5}, {50, 64}, {129, 33}, {4, 300}}) {
    const Table x(random, rows, cols);
    const std::vector<float> v = random.values(cols);
    std::vector<float> y(rows, std::numeric_limits<float>::quiet_NaN());
    backend().matvec(x, v, y);
    const Dense expected = transpose(reference::matmul(Dense(ConstMatrix(x)), transpose(Dense(v))));
    EXPECT_TRUE(near(y, expected, kTolerance)) << rows << " " << cols;
  }
}

}  // namespace
}  // namespace segue::kernels
