// What training starts from and draws: negatives, the PPMI matrix, its eigenvectors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "index/model/negative_sampler.h"
#include "index/model/ppmi_embedding.h"
#include "index/model/sparse_symmetric.h"
#include "kernels/backend.h"
#include "kernels/symmetric_eigen.h"
#include "kernels/thread_pool.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

TEST(NegativeSampler, DrawsInProportionToAPowerOfTheFrequency) {
  const std::vector<std::uint32_t> frequency{1, 4, 9, 0, 16, 100};  // roots: 1 2 3 0 4 10, sum 20
  NegativeSampler sampler(frequency, 0.5);
  RandomStream random(1);
  std::vector<double> drawn(frequency.size());
  constexpr int kRounds = 20000;
  constexpr std::size_t kDraws = 5;
  for (int i = 0; i < kRounds; ++i) {
    const Negatives negatives = sampler.draw(kDraws, random);
    for (std::size_t k = 0; k < negatives.rows.size(); ++k) {
      // log_expected = log(count q / times), so the times can be read back.
      const double q = sampler.probability(negatives.rows[k]);
      const double times = kDraws * q / std::exp(static_cast<double>(negatives.log_expected[k]));
      EXPECT_NEAR(times, std::round(times), 1e-3);
      drawn[negatives.rows[k]] += times;
    }
  }
  const std::vector<double> expected{0.05, 0.1, 0.15, 0, 0.2, 0.5};
  for (std::size_t r = 0; r < expected.size(); ++r) {
    EXPECT_NEAR(sampler.probability(static_cast<std::uint32_t>(r)), expected[r], 1e-12);
    // Four standard deviations of 100,000 draws are below .0064.
    EXPECT_NEAR(drawn[r] / (kRounds * kDraws), expected[r], 0.0064) << "row " << r;
  }
  EXPECT_EQ(drawn[3], 0);
}

TEST(NegativeSampler, NamesEachRowOnceAndCountsAllDraws) {
  const std::vector<std::uint32_t> frequency(500, 3);
  NegativeSampler sampler(frequency, 0.5);
  RandomStream random(2);
  const Negatives negatives = sampler.draw(400, random);
  EXPECT_TRUE(std::is_sorted(negatives.rows.begin(), negatives.rows.end()));
  EXPECT_EQ(std::adjacent_find(negatives.rows.begin(), negatives.rows.end()), negatives.rows.end());
  double times = 0;
  for (const float log_expected : negatives.log_expected)
    times += 400.0 / 500 / std::exp(static_cast<double>(log_expected));
  EXPECT_NEAR(times, 400, 1e-2);
}

TEST(NegativeSampler, TakesTheWholeVocabularyWhenAsManyAreAskedFor) {
  const std::vector<std::uint32_t> frequency{5, 1, 0};
  NegativeSampler sampler(frequency, 0.5);
  RandomStream random(3);
  const Negatives all = sampler.draw(3, random);
  EXPECT_EQ(all.rows, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(all.log_expected, (std::vector<float>{0, 0, 0}));
}

TEST(NegativeSampler, RefusesAVocabularyWithoutEvents) {
  const std::vector<std::uint32_t> none{0, 0};
  EXPECT_THROW(NegativeSampler(none, 0.5), std::invalid_argument);
}

TEST(SymmetricEigen, FindsKnownEigenvaluesAndOrthonormalVectors) {
  // The second-difference matrix: eigenvalues 2 - 2 cos(pi k / (n + 1)).
  constexpr std::size_t kN = 30;
  std::vector<double> a(kN * kN);
  for (std::size_t i = 0; i < kN; ++i) {
    a[i * kN + i] = 2;
    if (i + 1 < kN) a[i * kN + i + 1] = a[(i + 1) * kN + i] = -1;
  }
  const std::vector<double> original = a;
  std::vector<double> vectors;
  const std::vector<double> values = kernels::symmetric_eigen(a, kN, vectors);
  for (std::size_t k = 0; k < kN; ++k) {
    const double angle = std::acos(-1.0) * static_cast<double>(kN - k) / static_cast<double>(kN + 1);
    EXPECT_NEAR(values[k], 2 - 2 * std::cos(angle), 1e-9);
    for (std::size_t i = 0; i < kN; ++i) {
      double image = 0;
      for (std::size_t j = 0; j < kN; ++j) image += original[i * kN + j] * vectors[j * kN + k];
      EXPECT_NEAR(image, values[k] * vectors[i * kN + k], 1e-9);
    }
  }
}

/// A sparse symmetric matrix of a few strong positive and negative directions and noise, and its dense twin.
SparseSymmetric random_symmetric(std::size_t n, std::vector<double>& dense) {
  dense.assign(n * n, 0);
  RandomStream random(9);
  const auto add_block = [&](std::size_t begin, std::size_t end, double value) {
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = begin; j < end; ++j) dense[i * n + j] += value;
    }
  };
  add_block(0, 30, 1.0);
  add_block(30, 50, -0.8);
  add_block(50, 90, 0.4);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (random.uniform() > 0.05) continue;
      const double x = 0.3 * static_cast<double>(random.normal());
      dense[i * n + j] += x;
      dense[j * n + i] += x;
    }
  }
  SparseSymmetric sparse;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (dense[i * n + j] == 0) continue;
      sparse.columns.push_back(static_cast<std::uint32_t>(j));
      sparse.values.push_back(static_cast<float>(dense[i * n + j]));
    }
    sparse.offsets.push_back(sparse.columns.size());
  }
  return sparse;
}

class EigenpairsTest : public testing::Test {
 protected:
  Eigenpairs find(const SparseSymmetric& matrix, std::size_t count) {
    return largest_eigenpairs(matrix, {.count = count, .iterations = 12}, *backend_, pool_, progress_);
  }
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_F(EigenpairsTest, AreTheLargestOnesAndNoNegativeOne) {
  constexpr std::size_t kN = 120;
  std::vector<double> dense;
  const SparseSymmetric sparse = random_symmetric(kN, dense);
  std::vector<double> vectors;
  std::vector<double> copy = dense;
  const std::vector<double> expected = kernels::symmetric_eigen(copy, kN, vectors);
  const Eigenpairs pairs = find(sparse, 6);
  ASSERT_EQ(pairs.values.size(), 6u);
  for (std::size_t k = 0; k < 2; ++k) {  // those that stand out
    EXPECT_NEAR(pairs.values[k], expected[k], 1e-3 * expected[0]);
    double dot = 0;
    for (std::size_t i = 0; i < kN; ++i)
      dot += static_cast<double>(pairs.vectors.view()(i, k)) * vectors[i * kN + k];
    EXPECT_NEAR(std::abs(dot), 1, 1e-3);
  }
  for (const double value : pairs.values) EXPECT_GT(value, 0);
}

TEST_F(EigenpairsTest, OfALowRankAreAsManyAsItsRank) {
  SparseSymmetric block;  // ones among the first four of ten
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::uint32_t j = 0; i < 4 && j < 4; ++j) {
      block.columns.push_back(j);
      block.values.push_back(1);
    }
    block.offsets.push_back(block.columns.size());
  }
  const Eigenpairs pairs = find(block, 5);
  ASSERT_EQ(pairs.values.size(), 1u);
  EXPECT_NEAR(pairs.values[0], 4, 1e-4);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(std::abs(static_cast<double>(pairs.vectors.view()(i, 0))), i < 4 ? 0.5 : 0, 1e-4);
  }
}

TEST_F(EigenpairsTest, OfAMatrixOfZerosThereAreNone) {
  SparseSymmetric zeros;
  zeros.offsets.assign(8, 0);
  EXPECT_TRUE(find(zeros, 3).values.empty());
}

TEST(PpmiMatrix, HoldsWhatTheFormulaGives) {
  TrainingData data;
  append_sequence(data, {0, 1, 2});
  append_sequence(data, {0, 1});
  append_sequence(data, {3, 2});
  const TrainingWindows windows(data);
  kernels::ThreadPool pool(2);
  const SparseSymmetric matrix =
      ppmi_matrix(windows, {.distance = 2, .distance_power = 0.5}, pool, Progress());
  // Counts: 01: 2, 12: 1, 02: 2^-.5, 23: 1, each in both directions.
  const double far = std::pow(2, -0.5);
  const std::vector<std::vector<double>> counts{{0, 2, far, 0}, {2, 0, 1, 0}, {far, 1, 0, 1}, {0, 0, 1, 0}};
  std::vector<double> sums;
  for (const auto& row : counts) sums.push_back(std::accumulate(row.begin(), row.end(), 0.0));
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<double> row(4);
    for (std::size_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e)
      row[matrix.columns[e]] = static_cast<double>(matrix.values[e]);
    for (std::size_t j = 0; j < 4; ++j) {
      const double expected =
          counts[i][j] > 0 ? std::max(0.0, std::log(counts[i][j] * total / (sums[i] * sums[j]))) : 0;
      EXPECT_NEAR(row[j], expected, 1e-6) << i << ", " << j;
    }
  }
}

TEST(PpmiMatrix, PairsDoNotReachBeyondTheDistanceOrTheSequence) {
  TrainingData data;
  append_sequence(data, {0, 1, 2, 3});
  append_sequence(data, {4, 5});
  const TrainingWindows windows(data);
  kernels::ThreadPool pool(1);
  const SparseSymmetric matrix = ppmi_matrix(windows, {.distance = 2}, pool, Progress());
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e) {
      EXPECT_LE(std::max<std::size_t>(i, matrix.columns[e]) - std::min<std::size_t>(i, matrix.columns[e]),
                2u);
      EXPECT_EQ(i < 4, matrix.columns[e] < 4);
    }
  }
}

TEST(PpmiEmbedding, BringsItemsOfOneThemeTogetherAndKeepsThemesApart) {
  constexpr std::size_t kThemes = 4;
  constexpr std::size_t kItemsOfTheme = 12;
  TrainingData data;
  RandomStream random(4);
  for (std::size_t s = 0; s < 400; ++s) {
    const std::size_t theme = s % kThemes;
    std::vector<ItemId> sequence(6);
    for (ItemId& item : sequence)
      item = static_cast<ItemId>(theme * kItemsOfTheme + random.below(kItemsOfTheme));
    append_sequence(data, sequence);
  }
  const TrainingWindows windows(data);
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  kernels::ThreadPool pool(2);
  const Progress progress;
  constexpr std::size_t kWidth = 16;
  MatrixBuffer table;
  const kernels::Matrix rows = table.reshape(kThemes * kItemsOfTheme, kWidth);
  ppmi_embedding(windows, {.deviation = 0.02f, .seed = 5}, *backend, pool, progress, rows);
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t c = 0; c < kWidth; ++c) {
      dot += static_cast<double>(rows(a, c)) * static_cast<double>(rows(b, c));
      aa += static_cast<double>(rows(a, c)) * static_cast<double>(rows(a, c));
      bb += static_cast<double>(rows(b, c)) * static_cast<double>(rows(b, c));
    }
    return dot / std::sqrt(aa * bb);
  };
  double within = 0, between = 0;
  for (std::size_t i = 1; i < kItemsOfTheme; ++i) {
    within += cosine(0, i) / (kItemsOfTheme - 1);
    between += cosine(0, kItemsOfTheme + i) / (kItemsOfTheme - 1);
  }
  EXPECT_GT(within, between + 0.4);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    double square = 0;
    for (const float x : rows.row_span(r)) square += static_cast<double>(x) * static_cast<double>(x);
    EXPECT_NEAR(std::sqrt(square / kWidth), 0.02, 0.004);
  }
}

}  // namespace
}  // namespace segue::index
