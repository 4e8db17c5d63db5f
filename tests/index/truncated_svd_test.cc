#include "index/model/truncated_svd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "index/model/random_stream.h"
#include "index/model/sparse_symmetric.h"
#include "kernels/symmetric_eigen.h"

namespace segue::index {
namespace {

/// A sparse matrix with a few strong directions, and the same in full.
struct Planted {
  SparseRows rows;
  std::vector<double> dense;

  Planted(std::size_t n, std::size_t columns) : dense(n * columns) {
    RandomStream random(7);
    rows.columns = columns;
    for (std::size_t r = 0; r < n; ++r) {
      for (std::uint32_t c = 0; c < columns; ++c) {
        const bool own = c % 4 == r % 4;
        if (random.uniform() > (own ? 0.6 : 0.05)) continue;
        const float value = (own ? 1.0f + static_cast<float>(r % 4) : 0.2f) * (1 + 0.1f * random.normal());
        rows.indices.push_back(c);
        rows.values.push_back(value);
        dense[r * columns + c] = static_cast<double>(value);
      }
      rows.offsets.push_back(rows.indices.size());
    }
  }
};

class TruncatedSvdTest : public ::testing::Test {
 protected:
  TruncatedSvd of(const SparseRows& rows, const SvdOptions& options, std::size_t threads = 2) {
    kernels::ThreadPool pool(threads);
    return truncated_svd(rows, options, *backend_, pool, Progress());
  }
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

TEST_F(TruncatedSvdTest, FindsTheLeadingSubspaceOfTheDenseGram) {
  const std::size_t n = 60, columns = 40, count = 4;
  const Planted planted(n, columns);
  std::vector<double> gram(columns * columns);
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t i = 0; i < columns; ++i) {
      for (std::size_t j = 0; j < columns; ++j)
        gram[i * columns + j] += planted.dense[r * columns + i] * planted.dense[r * columns + j];
    }
  }
  std::vector<double> vectors;
  const std::vector<double> values = kernels::symmetric_eigen(gram, columns, vectors);
  const TruncatedSvd svd = of(planted.rows, {.count = count, .iterations = 8});
  ASSERT_EQ(svd.values.size(), count);
  for (std::size_t k = 0; k < count; ++k) {
    EXPECT_NEAR(svd.values[k], std::sqrt(values[k]), 1e-4 * svd.values[0]);
    double inside = 0;  // the share of the vector that lies in the subspace of the exact ones
    for (std::size_t e = 0; e < count; ++e) {
      double dot = 0;
      for (std::size_t c = 0; c < columns; ++c)
        dot += static_cast<double>(svd.right.view()(c, k)) * vectors[c * columns + e];
      inside += dot * dot;
    }
    EXPECT_NEAR(inside, 1, 1e-4);
  }
}

TEST_F(TruncatedSvdTest, IsTheSameForAnyNumberOfThreads) {
  const Planted planted(300, 50);
  const TruncatedSvd one = of(planted.rows, {.count = 8}, 1);
  const TruncatedSvd many = of(planted.rows, {.count = 8}, 5);
  EXPECT_EQ(one.values, many.values);
  EXPECT_TRUE(std::equal(one.right.flat().begin(), one.right.flat().end(), many.right.flat().begin()));
}

TEST_F(TruncatedSvdTest, GivesNoMoreThanTheRank) {
  SparseRows rows;
  rows.columns = 5;
  for (int r = 0; r < 3; ++r) {  // one row, three times
    rows.indices.insert(rows.indices.end(), {1, 4});
    rows.values.insert(rows.values.end(), {3.0f, -4.0f});
    rows.offsets.push_back(rows.indices.size());
  }
  const TruncatedSvd svd = of(rows, {.count = 4});
  ASSERT_EQ(svd.values.size(), 1u);
  EXPECT_NEAR(svd.values[0], 5 * std::sqrt(3.0), 1e-4);
  EXPECT_NEAR(svd.right.view()(4, 0), 0.8, 1e-5);  // the largest element is positive
  EXPECT_NEAR(svd.right.view()(1, 0), -0.6, 1e-5);
}

TEST_F(TruncatedSvdTest, OfNothingIsNothing) {
  SparseRows none;
  EXPECT_TRUE(of(none, {}).values.empty());
  none.columns = 3;
  none.offsets = {0, 0, 0};  // two rows of zeros
  EXPECT_TRUE(of(none, {}).values.empty());
}

}  // namespace
}  // namespace segue::index
