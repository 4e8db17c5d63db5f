#include "index/model/matrix_factorization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/model/mf_model.h"
#include "index/model/random_stream.h"
#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::any_item;
using testing::make_catalogue;
using testing::make_data;
using Rows = std::vector<std::vector<double>>;

/// Solves a x = b by Gauss elimination with pivots.
std::vector<double> solve(Rows a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i + 1; r < n; ++r) pivot = std::abs(a[r][i]) > std::abs(a[pivot][i]) ? r : pivot;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double factor = a[r][i] / a[i][i];
      for (std::size_t c = i; c < n; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  for (std::size_t i = 0; i < n; ++i) b[i] /= a[i][i];
  return b;
}

/// The row that minimises the objective in the header, over all pairs one by one; weights: w of each row of
/// `fixed`, 0 for a pair without events.
std::vector<double> naive_row(const MfOptions& options, const Rows& fixed,
                              const std::vector<double>& weights) {
  const std::size_t d = options.factors;
  Rows a(d, std::vector<double>(d));
  std::vector<double> b(d);
  double events = 0;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const double c = options.unobserved_weight + options.confidence * weights[i];
    events += weights[i] > 0;
    for (std::size_t f = 0; f < d; ++f) {
      for (std::size_t g = 0; g < d; ++g) a[f][g] += c * fixed[i][f] * fixed[i][g];
      if (weights[i] > 0) b[f] += c * fixed[i][f];
    }
  }
  const double size = events + options.unobserved_weight * static_cast<double>(fixed.size());
  for (std::size_t f = 0; f < d; ++f) a[f][f] += options.ridge * std::pow(size, options.ridge_exponent);
  return solve(a, b);
}

/// Alternating least squares in doubles over dense weights [users, items], every item with an event.
Rows naive_factors(const MfOptions& options, const Rows& weights) {
  const std::size_t items = weights[0].size();
  Rows y(items, std::vector<double>(options.factors));
  RandomStream random(options.seed);
  for (auto& row : y) {
    for (double& value : row) value = 0.1 / std::sqrt(static_cast<double>(options.factors)) * random.normal();
  }
  Rows x(weights.size());
  for (std::size_t n = 0; n < options.iterations; ++n) {
    for (std::size_t u = 0; u < x.size(); ++u) x[u] = naive_row(options, y, weights[u]);
    for (std::size_t i = 0; i < items; ++i) {
      std::vector<double> column;
      for (const auto& row : weights) column.push_back(row[i]);
      y[i] = naive_row(options, x, column);
    }
  }
  return y;
}

TrainingData random_data(std::size_t items, std::size_t sequences, std::uint64_t seed) {
  RandomStream random(seed);
  TrainingData data;
  data.item_count = items;
  for (std::size_t s = 0; s < sequences; ++s) {
    std::vector<ItemId> sequence(2 + random.below(8));
    std::vector<float> weights;
    for (ItemId& item : sequence) {
      item = any_item(random, items);
      weights.push_back(0.5f + static_cast<float>(random.below(3)));
    }
    data.append(sequence, weights);
  }
  return data;
}

class Factorising : public ::testing::Test {
 protected:
  MatrixFactorization train(const TrainingData& data, const MfOptions& options, std::size_t threads = 2) {
    kernels::ThreadPool pool(threads);
    return MatrixFactorization::train(data, options, *backend_, pool, progress_);
  }
  MfModel model(const TrainingData& data, const MfOptions& options, const Catalogue& catalogue) {
    return MfModel(train(data, options), nullptr, catalogue, *backend_);
  }
  static MfOptions small(std::size_t factors = 8) {
    MfOptions options;
    options.factors = factors;
    options.iterations = 4;
    return options;
  }
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  Progress progress_;
};

TEST_F(Factorising, GivesTheFactorsOfItsObjective) {
  const auto data = random_data(12, 40, 3);
  for (const double exponent : {0.0, 0.5, 1.0}) {
    MfOptions options = small(4);
    options.iterations = 2;
    options.descent_steps = 0;
    options.ridge_exponent = exponent;
    options.unobserved_weight = 0.3;
    options.confidence = 2;
    options.ridge = 0.05;
    Rows weights(data.sequences(), std::vector<double>(12));
    for (std::size_t s = 0; s < data.sequences(); ++s) {
      for (std::size_t e = 0; e < data.sequence(s).size(); ++e) {
        weights[s][data.sequence(s)[e]] += static_cast<double>(data.sequence_weights(s)[e]);
      }
    }
    const auto factorization = train(data, options);
    ASSERT_EQ(factorization.vocabulary().size(), 12u);
    const auto expected = naive_factors(options, weights);
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t f = 0; f < 4; ++f)
        EXPECT_NEAR(factorization.item_factors()(i, f), expected[i][f], 2e-3);
    }
  }
}

TEST_F(Factorising, FoldsASessionInAsAUser) {
  const auto catalogue = make_catalogue(30);
  MfOptions options = small();
  options.recency = 0.5;
  const MfModel mf = model(random_data(30, 60, 4), options, catalogue);
  const auto factors = mf.factorization().item_factors();
  Rows fixed;
  for (std::size_t r = 0; r < factors.rows; ++r) {
    fixed.emplace_back(factors.row_span(r).begin(), factors.row_span(r).end());
  }
  std::vector<double> weights(factors.rows);
  const std::vector<ItemId> session{4, 9, 4, 99};  // 99 is no item: it takes no place
  weights[4] = 1 + std::pow(3.0, -0.5);
  weights[9] = std::pow(2.0, -0.5);
  const auto expected = naive_row(options, fixed, weights);
  const auto user = mf.fold_in(session);
  ASSERT_EQ(user.size(), options.factors);
  for (std::size_t f = 0; f < user.size(); ++f) EXPECT_NEAR(user[f], expected[f], 1e-3);
}

TEST_F(Factorising, SharesAScoreOutAmongTheEventsOfTheSession) {
  const auto catalogue = make_catalogue(30);
  MfOptions options = small();
  options.recency = 0.5;
  const MfModel mf = model(random_data(30, 60, 12), options, catalogue);
  const std::vector<ItemId> session{4, 9, 4, 99, 17};  // 99 is no item
  for (const ItemId item : {ItemId{2}, ItemId{9}, ItemId{29}}) {
    double score = 0;
    mf.encode(session)->score(std::span(&item, 1), std::span(&score, 1));
    const auto shares = mf.contributions(session, item);
    ASSERT_EQ(shares.size(), session.size());
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), score, 1e-4);
    EXPECT_EQ(shares[3], 0);
    // Both events on item 4 point the same way; the newer one counts more.
    EXPECT_GT(std::abs(shares[2]), std::abs(shares[0]));
    EXPECT_GT(shares[2] * shares[0], 0);
  }
  // A session says the same by item, the largest part first.
  const auto encoded = mf.encode(session);
  const auto shares = mf.contributions(session, 2);
  const auto causes = encoded->because(2, 10);
  ASSERT_EQ(causes.size(), 3u) << "4, 9 and 17";
  EXPECT_TRUE(std::is_sorted(causes.begin(), causes.end(), ranks_before));
  for (const ScoredItem& cause : causes) {
    const double expected = cause.item == 4 ? shares[0] + shares[2] : shares[cause.item == 9 ? 1 : 4];
    EXPECT_NEAR(cause.score, expected, 1e-12);
  }
  EXPECT_EQ(encoded->because(2, 1), std::vector<ScoredItem>{causes.front()});
  EXPECT_TRUE(encoded->because(99, 3).empty());
  // An item speaks for itself most.
  const auto own = mf.contributions(session, 17);
  EXPECT_EQ(std::max_element(own.begin(), own.end()) - own.begin(), 4);
  EXPECT_EQ(mf.contributions(session, 99), std::vector<double>(5, 0.0));
  EXPECT_TRUE(mf.contributions({}, 3).empty());
}

TEST_F(Factorising, RecoversPlantedBlocks) {
  constexpr std::size_t kBlocks = 4, kPerBlock = 15, kItems = kBlocks * kPerBlock;
  RandomStream random(5);
  std::vector<std::vector<ItemId>> sequences;
  for (std::size_t s = 0; s < 300; ++s) {
    std::vector<ItemId> sequence;
    for (int e = 0; e < 8; ++e) {
      const bool noise = random.below(10) == 0;
      const auto in_block = static_cast<ItemId>((s % kBlocks) * kPerBlock + random.below(kPerBlock));
      sequence.push_back(noise ? any_item(random, kItems) : in_block);
    }
    sequences.push_back(sequence);
  }
  const auto catalogue = make_catalogue(kItems);
  MfOptions options = small(kBlocks);
  options.iterations = 12;  // from a random start to the blocks
  const MfModel mf = model(make_data(kItems, sequences), options, catalogue);
  for (ItemId i = 0; i < kItems; ++i) {
    const std::vector<ItemId> session{i};
    for (const ScoredItem& hit : mf.encode(session)->top(kPerBlock, nullptr)) {
      EXPECT_EQ(hit.item / kPerBlock, i / kPerBlock);
    }
  }
}

TEST_F(Factorising, ScoresTheSameOneByOneAllTogetherAndAtTheTop) {
  const auto catalogue = make_catalogue(35);
  const MfModel mf = model(random_data(35, 60, 6), small(), catalogue);
  const std::vector<ItemId> session{1, 5, 30};
  const auto encoded = mf.encode(session);
  std::vector<double> all(35);
  encoded->score_all(all);
  std::vector<ScoredItem> expected;
  for (ItemId i = 0; i < 35; ++i) {
    double one = 0;
    encoded->score(std::span(&i, 1), std::span(&one, 1));
    EXPECT_NEAR(one, all[i], 1e-6);
    expected.push_back({i, one});
  }
  std::sort(expected.begin(), expected.end(), ranks_before);
  expected.resize(7);
  EXPECT_EQ(encoded->top(7, nullptr), expected);
  ItemSet allowed(35);
  allowed.insert(2);
  allowed.insert(11);
  EXPECT_EQ(encoded->top(7, &allowed).size(), 2u);
}

TEST_F(Factorising, TakesMomentsFromMeanAndCovarianceOfAGroup) {
  // Items 30 to 39 have no events: they count as 0.
  auto data = random_data(30, 60, 7);
  data.item_count = 40;
  const auto catalogue = make_catalogue(40, {1, 2, 3, 35});
  const MfModel mf = model(data, small(), catalogue);
  const std::vector<ItemId> session{1, 5, 20};
  const auto encoded = mf.encode(session);
  std::vector<double> all(40);
  encoded->score_all(all);
  for (const auto group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
    const ItemSet& items = group == ItemGroup::kQueries ? catalogue.queries() : catalogue.searchable();
    const double n = static_cast<double>(items.count());
    double mean = 0, variance = 0;
    for (ItemId i = 0; i < 40; ++i) mean += items.contains(i) ? all[i] / n : 0;
    for (ItemId i = 0; i < 40; ++i) variance += items.contains(i) ? (all[i] - mean) * (all[i] - mean) / n : 0;
    EXPECT_NEAR(encoded->moments(group).mean, mean, 1e-6);
    EXPECT_NEAR(encoded->moments(group).deviation, std::sqrt(variance), 1e-5);
  }
}

TEST_F(Factorising, GivesTheSameBytesForTheSameSeedAndAnyNumberOfThreads) {
  const testing::TemporaryFolder folder;
  const auto data = random_data(200, 300, 8);
  MfOptions options = small();
  train(data, options, 1).save(folder / "1.safetensors");
  train(data, options, 2).save(folder / "2.safetensors");
  EXPECT_EQ(testing::bytes_of(folder / "1.safetensors"), testing::bytes_of(folder / "2.safetensors"));
  options.seed = 2;
  train(data, options, 2).save(folder / "3.safetensors");
  EXPECT_NE(testing::bytes_of(folder / "1.safetensors"), testing::bytes_of(folder / "3.safetensors"));
}

TEST_F(Factorising, ComesBackFromItsFile) {
  const testing::TemporaryFolder folder;
  const auto catalogue = make_catalogue(30);
  MfOptions options = small();
  options.recency = 0.25;
  const auto factorization = train(random_data(30, 60, 9), options);
  factorization.save(folder / "mf.safetensors");
  const auto again = MatrixFactorization::open(folder / "mf.safetensors", 30);
  EXPECT_EQ(again.options(), options);
  const MfModel before(factorization, nullptr, catalogue, *backend_);
  const MfModel after(again, nullptr, catalogue, *backend_);
  const std::vector<ItemId> session{3, 4};
  EXPECT_EQ(after.encode(session)->top(30, nullptr), before.encode(session)->top(30, nullptr));
}

TEST_F(Factorising, RefusesAFileThatDoesNotFit) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "mf.safetensors";
  train(random_data(30, 60, 10), small()).save(file);
  EXPECT_NO_THROW(MatrixFactorization::open(file, 30));
  EXPECT_THROW(MatrixFactorization::open(file, 20), Error);  // a smaller catalogue
  const auto good = Safetensors::open(file);
  const auto write = [&](std::vector<std::int32_t> vocabulary, std::size_t rows, const char* ridge) {
    SafetensorsWriter writer;
    writer.add("vocabulary", {vocabulary.size()}, vocabulary);
    writer.add("item_factors", {rows, 8}, std::vector<float>(rows * 8));
    for (const char* key : {"factors", "iterations", "unobserved_weight", "confidence", "ridge_exponent",
                            "descent_steps", "recency", "seed"}) {
      writer.metadata(key, good->metadata(key));
    }
    writer.metadata("ridge", ridge);
    writer.write(folder / "bad.safetensors");
    return folder / "bad.safetensors";
  };
  EXPECT_NO_THROW(MatrixFactorization::open(write({1, 2}, 2, "0.1"), 30));
  EXPECT_THROW(MatrixFactorization::open(write({2, 1}, 2, "0.1"), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({1, 1}, 2, "0.1"), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({-1, 1}, 2, "0.1"), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({1, 2}, 3, "0.1"), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({1, 2}, 2, ""), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({1, 2}, 2, "nan"), 30), Error);
  EXPECT_THROW(MatrixFactorization::open(write({1, 2}, 2, "0"), 30), Error);
}

TEST_F(Factorising, TakesDataOfAnyShape) {
  const auto nobody = make_catalogue(3);
  const MfModel silent = model(make_data(3, {}), small(), nobody);
  EXPECT_TRUE(silent.factorization().vocabulary().empty());
  EXPECT_EQ(silent.encode(std::vector<ItemId>{0, 1}), nullptr);

  const auto one = make_catalogue(1);
  const MfModel single = model(make_data(1, {{0}}), small(), one);
  EXPECT_EQ(single.encode(std::vector<ItemId>{0})->top(5, nullptr).size(), 1u);

  RandomStream random(11);
  std::vector<ItemId> endless(10'000);
  for (ItemId& item : endless) item = any_item(random, 50);
  const auto catalogue = make_catalogue(60);
  auto data = make_data(60, {endless, {}, {1, 2}});
  const MfModel long_one = model(data, small(), catalogue);
  EXPECT_EQ(long_one.encode(endless)->top(100, nullptr).size(), 50u);
  EXPECT_EQ(long_one.encode(std::vector<ItemId>{55, 1000, kNoItem}), nullptr);
  EXPECT_FALSE(long_one.knows(55));
  EXPECT_TRUE(long_one.knows(1));
}

TEST_F(Factorising, RefusesConstantsOutOfRange) {
  MfOptions options = small();
  options.unobserved_weight = 0;
  EXPECT_THROW(train(make_data(2, {{0, 1}}), options), std::invalid_argument);
  options = small();
  options.ridge = std::nan("");
  EXPECT_THROW(train(make_data(2, {{0, 1}}), options), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
