#include "index/vector/vector_index.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <thread>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr Metric kMetrics[] = {Metric::kInnerProduct, Metric::kCosine, Metric::kL2};

/// Vectors whose items are 1, 4, 7, ...: rows and items differ, and some items of the catalogue have no
/// vector.
struct Data {
  std::size_t dimension;
  std::vector<float> values;
  std::vector<ItemId> items;
  std::size_t catalogue = 0;

  kernels::ConstMatrix matrix() const { return {values.data(), items.size(), dimension}; }
  std::span<const float> row(std::size_t r) const { return {values.data() + r * dimension, dimension}; }
};

/// Small integers times a power of two: products and sums are exact in float, so that equal scores are equal
/// bits, and with few values there are many ties.
Data make_data(std::size_t rows, std::size_t dimension, unsigned seed) {
  Data data{dimension, {}, {}, rows * 3 + 2};
  std::mt19937 random(seed);
  for (std::size_t r = 0; r < rows; ++r) {
    data.items.push_back(static_cast<ItemId>(3 * r + 1));
    const float scale = static_cast<float>(1 << random() % 3);
    for (std::size_t c = 0; c < dimension; ++c)
      data.values.push_back(scale * static_cast<float>(static_cast<int>(random() % 3) - 1));
  }
  return data;
}

// The reference: double precision, every item, a full sort.
double reference_score(std::span<const float> a, std::span<const float> b, Metric metric) {
  double dot = 0, aa = 0, bb = 0, distance = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    dot += x * y, aa += x * x, bb += y * y, distance += (x - y) * (x - y);
  }
  if (metric == Metric::kL2) return -distance;
  if (metric == Metric::kInnerProduct) return dot;
  return aa == 0 || bb == 0 ? 0 : dot / std::sqrt(aa * bb);
}

std::vector<ScoredItem> reference_search(const Data& data, Metric metric, std::span<const float> query,
                                         std::size_t k, const ItemSet* allowed) {
  std::vector<ScoredItem> all;
  for (std::size_t r = 0; r < data.items.size(); ++r) {
    if (allowed != nullptr && !allowed->contains(data.items[r])) continue;
    all.push_back({data.items[r], reference_score(data.row(r), query, metric)});
  }
  std::sort(all.begin(), all.end(), ranks_before);
  all.resize(std::min(k, all.size()));
  return all;
}

ItemSet random_set(std::size_t size, unsigned per_mille, std::mt19937& random) {
  ItemSet set(size);
  for (ItemId i = 0; i < size; ++i) {
    if (random() % 1000 < per_mille) set.insert(i);
  }
  return set;
}

TEST(VectorIndex, FindsExactlyWhatAFullSortFinds) {
  std::mt19937 random(3);
  for (const std::size_t rows : {0u, 1u, 37u, 5000u}) {
    const Data data = make_data(rows, 6, static_cast<unsigned>(rows));
    for (const Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
      const auto index = VectorIndex::build(data.matrix(), data.items, metric);
      EXPECT_EQ(index->size(), rows);
      for (int trial = 0; trial < 40; ++trial) {
        std::vector<float> query(6);
        for (float& x : query) x = static_cast<float>(static_cast<int>(random() % 5) - 2);
        const unsigned shares[] = {0, 3, 100, 450, 900, 1000};
        const ItemSet set = random_set(data.catalogue, shares[trial % 6], random);
        const ItemSet* allowed = trial % 7 == 0 ? nullptr : &set;
        for (const std::size_t k :
             {std::size_t{0}, std::size_t{1}, std::size_t{10}, std::size_t{150}, rows, rows + 5}) {
          ASSERT_EQ(index->search(query, k, allowed), reference_search(data, metric, query, k, allowed))
              << to_string(metric) << " rows " << rows << " k " << k << " trial " << trial;
        }
      }
    }
  }
}

// At unit length scores round: they meet the reference within a few units in the last place of a float, and
// rankings agree but for items whose reference scores are that close.
TEST(VectorIndex, FindsTheNearestByCosine) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (const std::size_t rows : {1u, 37u, 5000u}) {
    Data data = make_data(rows, 24, 1);
    for (float& x : data.values) x = normal(random);
    for (std::size_t r = 10; r < rows; r += 3) {  // duplicates, some scaled, which is exact
      for (std::size_t c = 0; c < 24; ++c) data.values[r * 24 + c] = 4 * data.values[(r % 10) * 24 + c];
    }
    const auto index = VectorIndex::build(data.matrix(), data.items, Metric::kCosine);
    for (int trial = 0; trial < 30; ++trial) {
      std::vector<float> query(24);
      for (float& x : query) x = 1e20f * normal(random);
      const ItemSet set = random_set(data.catalogue, trial % 2 == 0 ? 200 : 800, random);
      const ItemSet* allowed = trial % 3 == 0 ? nullptr : &set;
      const std::vector<ScoredItem> expected = reference_search(data, Metric::kCosine, query, 20, allowed);
      const std::vector<ScoredItem> found = index->search(query, 20, allowed);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_NEAR(found[i].score, expected[i].score, 1e-6);
        const std::size_t r = (found[i].item - 1) / 3;
        ASSERT_NEAR(found[i].score, reference_score(data.row(r), query, Metric::kCosine), 1e-6);
        if (i > 0) {
          ASSERT_TRUE(ranks_before(found[i - 1], found[i]));
        }
      }
    }
  }
}

TEST(VectorIndex, BreaksTiesByItemAlsoAtTheLastPlace) {
  const std::size_t rows = 3000;
  Data data{4, {}, {}, rows};
  for (ItemId r = 0; r < rows; ++r) {
    data.items.push_back(r);
    for (int c = 0; c < 4; ++c) data.values.push_back(r % 1000 == 999 ? 2.0f : 1.0f);
  }
  const std::vector<float> query{1, 1, 1, 1};
  const ItemSet most(rows, true);
  ItemSet few(rows);
  for (ItemId i = 1000; i < 2000; ++i) few.insert(i);
  const auto ids = [](const std::vector<ScoredItem>& items) {
    std::vector<ItemId> list;
    for (const ScoredItem& entry : items) list.push_back(entry.item);
    return list;
  };
  const auto index = VectorIndex::build(data.matrix(), data.items, Metric::kInnerProduct);
  EXPECT_EQ(ids(index->search(query, 6)), (std::vector<ItemId>{999, 1999, 2999, 0, 1, 2}));
  EXPECT_EQ(ids(index->search(query, 6, &most)), (std::vector<ItemId>{999, 1999, 2999, 0, 1, 2}));
  EXPECT_EQ(ids(index->search(query, 3, &few)), (std::vector<ItemId>{1999, 1000, 1001}));
  const auto cosine = VectorIndex::build(data.matrix(), data.items, Metric::kCosine);
  EXPECT_EQ(ids(cosine->search(query, 200)).back(), 199u);
  EXPECT_EQ(ids(cosine->search({std::vector<float>{0, 0, 0, 0}}, 2)), (std::vector<ItemId>{0, 1}));
}

TEST(VectorIndex, ScoresSingleItemsAsSearchDoes) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  Data data = make_data(500, 33, 2);
  for (float& x : data.values) x = normal(random);
  std::vector<float> query(33);
  for (float& x : query) x = normal(random);
  for (const Metric metric : kMetrics) {
    const auto index = VectorIndex::build(data.matrix(), data.items, metric);
    const ItemSet all(data.catalogue, true);
    ItemSet few(data.catalogue);
    for (ItemId i = 0; i < 300; ++i) few.insert(i);
    for (const ItemSet* allowed :
         {static_cast<const ItemSet*>(nullptr), &all, &static_cast<const ItemSet&>(few)}) {
      for (const ScoredItem& entry : index->search(query, 500, allowed)) {
        double score = 0;
        index->score(query, std::span(&entry.item, 1), std::span(&score, 1));
        ASSERT_EQ(score, entry.score);
      }
    }
    const std::vector<ItemId> strangers{0, 2, 5000};
    std::vector<double> scores{1, 1, 1};
    index->score(query, strangers, scores);
    EXPECT_EQ(scores, (std::vector<double>{0, 0, 0}));
    EXPECT_THROW(index->score(query, strangers, std::span(scores).first(2)), std::invalid_argument);
  }
}

/// Every storage, every metric: scores within what rounding the rows allows, rankings by those scores, one
/// score per item on every path.
TEST(VectorIndex, SearchesRowsOfHalvesAndIntegersAsTheyAreStored) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  Data data = make_data(700, 33, 2);
  for (float& x : data.values) x = normal(random);
  std::vector<float> query(33);
  for (const Storage storage : {Storage::kFp32, Storage::kFp16, Storage::kInt8}) {
    for (const Metric metric : kMetrics) {
      const auto index = VectorIndex::build(data.matrix(), data.items, metric, "auto", storage);
      EXPECT_EQ(index->storage(), storage);
      for (int trial = 0; trial < 5; ++trial) {
        for (float& x : query) x = normal(random);
        const ItemSet set = random_set(data.catalogue, trial % 2 == 0 ? 100 : 1000, random);
        const ItemSet* allowed = trial == 4 ? nullptr : &set;
        const std::vector<ScoredItem> found = index->search(query, 40, allowed);
        ASSERT_TRUE(std::is_sorted(found.begin(), found.end(), ranks_before));
        ASSERT_FALSE(found.empty());
        std::vector<double> scores(data.items.size());
        index->score(query, data.items, scores);
        std::size_t ahead = 0;
        for (std::size_t r = 0; r < data.items.size(); ++r) {
          const double exact = reference_score(data.row(r), query, metric);
          // Of 33 products of normal values: rounding errors of 1/253 of about 3 each, which seldom all
          // agree.
          const double bound = metric == Metric::kCosine ? 0.02 : metric == Metric::kL2 ? 0.8 : 0.4;
          ASSERT_NEAR(scores[r], exact, storage == Storage::kInt8 ? bound : bound / 30);
          const bool counts = allowed == nullptr || allowed->contains(data.items[r]);
          if (counts && ranks_before({data.items[r], scores[r]}, found.back())) ++ahead;
        }
        EXPECT_EQ(ahead, found.size() - 1);
        for (const ScoredItem& entry : found) EXPECT_EQ(entry.score, scores[(entry.item - 1) / 3]);
      }
    }
  }
}

TEST(VectorIndex, ScoresIntegersAsTheVectorsThatItGives) {
  std::mt19937 random(12);
  std::normal_distribution<float> normal;
  for (const std::size_t dimension : {1u, 7u, 128u, 3000u}) {
    Data data = make_data(20, dimension, 2);
    for (float& x : data.values) x = normal(random);
    std::vector<float> query(dimension);
    for (float& x : query) x = normal(random);
    const auto index =
        VectorIndex::build(data.matrix(), data.items, Metric::kInnerProduct, "auto", Storage::kInt8);
    for (const ScoredItem& entry : index->search(query, 20)) {
      const double exact = reference_score(index->vector(entry.item), query, Metric::kInnerProduct);
      // The query's integers have 12 bits at 3,000 dimensions, 16 at 128.
      EXPECT_NEAR(entry.score, exact, 2e-5 * static_cast<double>(dimension)) << dimension;
    }
  }
}

TEST(VectorIndex, GivesTheStoredVectors) {
  const std::vector<float> values{3, 4, 9, 0, 0, 9, 1, 0, 9};  // [3, 2] with a stride of 3
  const std::vector<ItemId> items{2, 5, 6};
  const kernels::ConstMatrix matrix(values.data(), 3, 2, 3);
  const auto cosine = VectorIndex::build(matrix, items, Metric::kCosine);
  EXPECT_FLOAT_EQ(cosine->vector(2)[0], 0.6f);
  EXPECT_FLOAT_EQ(cosine->vector(2)[1], 0.8f);
  EXPECT_EQ(cosine->vector(5), (std::vector<float>{0, 0}));
  EXPECT_TRUE(cosine->contains(6));
  EXPECT_FALSE(cosine->contains(0));
  EXPECT_FALSE(cosine->contains(kNoItem));
  EXPECT_THROW(cosine->vector(3), std::invalid_argument);
  EXPECT_EQ(VectorIndex::build(matrix, items, Metric::kL2)->vector(2), (std::vector<float>{3, 4}));
}

TEST(VectorIndex, RefusesWhatDoesNotFit) {
  const Data data = make_data(3, 2, 1);
  const auto index = VectorIndex::build(data.matrix(), data.items, Metric::kInnerProduct);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(index->search(std::vector<float>{1}, 1), std::invalid_argument);
  EXPECT_THROW(index->search(std::vector<float>{1, nan}, 1), std::invalid_argument);
  EXPECT_THROW(index->search(std::vector<float>{1, HUGE_VALF}, 0), std::invalid_argument);
  EXPECT_THROW(VectorIndex::build(data.matrix(), std::span(data.items).first(2), Metric::kL2),
               std::invalid_argument);
  EXPECT_THROW(VectorIndex::build(data.matrix(), std::vector<ItemId>{1, 1, 2}, Metric::kL2),
               std::invalid_argument);
  try {
    VectorIndex::build(data.matrix(), data.items, Metric::kL2, "IVF10,Flat");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(error.mend().find("Flat"), std::string::npos);
  }
  const std::vector<float> bad{1, nan};
  EXPECT_THROW(VectorIndex::build({bad.data(), 1, 2}, std::vector<ItemId>{0}, Metric::kCosine), Error);
}

TEST(VectorIndex, LeavesOutProductsThatOverflow) {
  const std::vector<float> values{3e38f, 3e38f, 1, 1, -3e38f, 3e38f};
  const auto index =
      VectorIndex::build({values.data(), 3, 2}, std::vector<ItemId>{0, 1, 2}, Metric::kInnerProduct);
  const std::vector<float> query{2, 2};
  const ItemSet all(3, true);
  ItemSet two(9);
  two.insert(0);
  two.insert(1);
  const ItemSet one = two;
  EXPECT_EQ(index->search(query, 3, &one).size(), 1u);
  for (const ScoredItem& entry : index->search(query, 3)) EXPECT_TRUE(std::isfinite(entry.score));
  for (const ScoredItem& entry : index->search(query, 3, &all)) EXPECT_TRUE(std::isfinite(entry.score));
}

class VectorIndexFile : public testing::Test {
 protected:
  VectorIndexFile() { std::filesystem::create_directories(folder_); }
  ~VectorIndexFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "mf.safetensors"; }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("segue-vectors-" + std::to_string(::getpid()));
};

TEST_F(VectorIndexFile, OpensAsItWasSaved) {
  for (const Storage storage : {Storage::kFp32, Storage::kFp16, Storage::kInt8}) {
    for (const Metric metric : kMetrics) {
      for (const std::size_t rows : {0u, 200u}) {
        const Data data = make_data(rows, 5, 4);
        const auto built = VectorIndex::build(data.matrix(), data.items, metric, "auto", storage);
        built->save(file());
        const auto opened = VectorIndex::open(file());
        EXPECT_EQ(opened->metric(), metric);
        EXPECT_EQ(opened->storage(), storage);
        EXPECT_EQ(opened->dimension(), 5u);
        EXPECT_EQ(opened->size(), rows);
        EXPECT_EQ(opened->factory(), "Flat");
        const std::vector<float> query{1, 0, -1, 2, 1};
        EXPECT_EQ(opened->search(query, 30), built->search(query, 30));
      }
    }
  }
}

TEST_F(VectorIndexFile, TakesAQuarterOfTheBytesInIntegers) {
  const Data data = make_data(1000, 64, 4);
  const auto bytes = [&](Storage storage) {
    VectorIndex::build(data.matrix(), data.items, Metric::kCosine, "auto", storage)->save(file());
    return static_cast<double>(std::filesystem::file_size(file()));
  };
  const double fp32 = bytes(Storage::kFp32);
  EXPECT_LE(bytes(Storage::kInt8), 0.27 * fp32 + 100);  // a header more
  EXPECT_LE(bytes(Storage::kFp16), 0.51 * fp32);
}

TEST_F(VectorIndexFile, RefusesDamage) {
  const auto refusal = [&] {
    try {
      VectorIndex::open(file());
      return std::string();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      return std::string(error.what());
    }
  };
  EXPECT_NE(refusal(), "");
  struct Parts {
    std::vector<std::int32_t> items{0, 3};
    std::vector<float> vectors{1, 2, 3, 4};
    std::size_t rows = 2;
    std::string metric = "ip", factory = "Flat";
  };
  const auto refusal_of = [&](const Parts& parts) {
    SafetensorsWriter writer;
    writer.add("items", {parts.items.size()}, std::span<const std::int32_t>(parts.items));
    writer.add("vectors", {parts.rows, parts.vectors.size() / std::max<std::size_t>(1, parts.rows)},
               std::span<const float>(parts.vectors));
    writer.metadata("metric", parts.metric);
    writer.metadata("factory", parts.factory);
    writer.write(file());
    return refusal();
  };
  EXPECT_EQ(refusal_of({}), "");
  EXPECT_NE(refusal_of({.items = {3, 3}}).find("does not rise"), std::string::npos);
  EXPECT_NE(refusal_of({.items = {-1, 3}}).find("does not rise"), std::string::npos);
  EXPECT_NE(refusal_of({.items = {3}}).find("one row per item"), std::string::npos);
  EXPECT_NE(refusal_of({.vectors = {1, NAN, 3, 4}}).find("not finite"), std::string::npos);
  EXPECT_NE(refusal_of({.vectors = {}}).find("no columns"), std::string::npos);
  EXPECT_NE(refusal_of({.metric = "manhattan"}).find("manhattan"), std::string::npos);
  EXPECT_NE(refusal_of({.factory = "HNSW32"}).find("HNSW32"), std::string::npos);
  refusal_of({});
  const auto size = std::filesystem::file_size(file());
  for (const std::uintmax_t cut :
       {std::uintmax_t{0}, std::uintmax_t{3}, std::uintmax_t{40}, size - 1, size + 1}) {
    std::filesystem::resize_file(file(), cut);
    EXPECT_NE(refusal(), "") << cut;
  }
  const Data data = make_data(3, 2, 1);
  EXPECT_THROW(VectorIndex::build(data.matrix(), data.items, Metric::kL2)->save("/proc/absent/mf"), Error);
}

std::size_t thread_count() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

TEST(VectorIndex, SearchesConcurrentlyEachOnItsOwnThread) {
  const Data data = make_data(4000, 16, 8);
  const auto index = VectorIndex::build(data.matrix(), data.items, Metric::kInnerProduct);
  const std::size_t before = thread_count();
  const ItemSet most(data.catalogue, true);
  const std::vector<ScoredItem> expected = index->search(data.row(0), 25);
  EXPECT_EQ(index->search(data.row(0), 25, &most), expected);
  EXPECT_EQ(thread_count(), before);
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          count += index->search(data.row(0), 25, i % 2 == 0 ? &most : nullptr) != expected;
      });
    }
  }
  EXPECT_EQ(wrong, (std::vector<int>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace segue::index
