#include "index/model/content_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <memory>

#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::TemporaryFolder;

Catalogue titled(const std::vector<std::string>& titles) {
  Catalogue ids = testing::make_catalogue(titles.size());
  std::vector<Item> items = testing::items_of(ids);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].title = titles[i];
  return Catalogue(std::move(items));
}

const std::vector<std::string> kTitles = {"white hanging heart",
                                          "red hanging heart",
                                          "cream cupid hearts",
                                          "metal lantern",
                                          "white lantern",
                                          "tea cup",
                                          "tea cup and saucer",
                                          "",
                                          "doormat"};

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// tf-idf rows of a catalogue's features at unit length, by bucket, in double precision from the formula.
std::vector<std::map<std::uint32_t, double>> naive_rows(const Catalogue& catalogue) {
  const ContentFeatures features = ContentFeatures::of(catalogue);
  std::map<std::uint32_t, double> frequency;
  double items = 0;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item item = catalogue.item(i);
    items += features.of_item(item).empty() ? 0 : 1;
    for (const ContentFeature& feature : features.of_item(item)) frequency[feature.bucket] += 1;
  }
  std::vector<std::map<std::uint32_t, double>> rows(catalogue.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double squares = 0;
    for (const ContentFeature& f : features.of_item(catalogue.item(static_cast<ItemId>(i)))) {
      const double idf = 1 + std::log((1 + items) / (1 + frequency[f.bucket]));
      rows[i][f.bucket] = (1 + std::log(static_cast<double>(f.count))) * idf;
      squares += rows[i][f.bucket] * rows[i][f.bucket];
    }
    for (auto& [bucket, value] : rows[i]) value /= std::sqrt(squares);
  }
  return rows;
}

double naive_cosine(const std::map<std::uint32_t, double>& a, const std::map<std::uint32_t, double>& b) {
  double sum = 0;
  for (const auto& [bucket, value] : a) {
    const auto other = b.find(bucket);
    if (other != b.end()) sum += value * other->second;
  }
  return sum;
}

class ContentSpaceTest : public ::testing::Test {
 protected:
  ContentSpace of(const Catalogue& catalogue, const ContentOptions& options = {}, std::size_t threads = 2) {
    kernels::ThreadPool pool(threads);
    Progress progress;
    return ContentSpace::train(catalogue, options, *backend_, pool, progress);
  }
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

TEST_F(ContentSpaceTest, OfFullRankKeepsTheCosinesOfTfIdf) {
  const Catalogue catalogue = titled(kTitles);
  const ContentSpace space = of(catalogue);
  const auto rows = naive_rows(catalogue);
  ASSERT_EQ(space.vocabulary().size(), 8u);  // the item without a title has no row
  EXPECT_EQ(space.row(7), ContentSpace::kNoRow);
  for (ItemId a = 0; a < catalogue.size(); ++a) {
    for (ItemId b = 0; b < catalogue.size(); ++b) {
      if (a == 7 || b == 7) continue;
      EXPECT_NEAR(dot(space.vectors().row_span(space.row(a)), space.vectors().row_span(space.row(b))),
                  naive_cosine(rows[a], rows[b]), 1e-4)
          << kTitles[a] << " / " << kTitles[b];
    }
  }
}

TEST_F(ContentSpaceTest, GivesATextTheVectorOfTheSameTitle) {
  const ContentSpace space = of(titled(kTitles));
  const std::vector<float> text = space.of_text("WHITE Lant\u00e9rn");
  ASSERT_EQ(text.size(), space.width());
  EXPECT_NEAR(dot(text, space.vectors().row_span(space.row(4))), 1, 1e-5);
  // Unknown words beside known ones do not count.
  EXPECT_NEAR(dot(space.of_text("qqqq white lantern"), text), 1, 1e-5);
  EXPECT_TRUE(space.of_text("").empty());
  EXPECT_TRUE(space.of_text("qqqqq").empty());
}

TEST_F(ContentSpaceTest, BringsWordsThatOccurTogetherNearEachOther) {
  // "sofa" and "couch" never meet, but share the company of "leather" and "cushion".
  std::vector<std::string> titles;
  for (int i = 0; i < 12; ++i) {
    titles.push_back("leather cushion sofa");
    titles.push_back("leather cushion couch");
    titles.push_back("garden shovel rake");
  }
  titles.push_back("sofa");
  titles.push_back("couch");
  titles.push_back("rake");
  const ContentSpace space = of(titled(titles), {.width = 2});
  const auto vector = [&](ItemId i) { return space.vectors().row_span(space.row(i)); };
  EXPECT_EQ(space.width(), 2u);
  EXPECT_GT(dot(vector(36), vector(37)), 0.95);
  EXPECT_LT(dot(vector(36), vector(38)), 0.2);
}

TEST_F(ContentSpaceTest, FusesGivenVectorsWithWords) {
  Catalogue ids = titled({"red cup", "red plate", "cup", "", ""});
  std::vector<Item> items = testing::items_of(ids);
  items[0].vector = {3, 0};
  items[1].vector = {0, 2};
  items[2].vector = {1, 0};
  items[3].vector = {5, 5};
  items[1].vectors["image"] = {1, 2, 2};
  items[4].vectors["image"] = {-1, -2, -2};
  const Catalogue catalogue(items);
  const ContentSpace space = of(catalogue, {.vectors_weight = 0.5});
  const auto rows = naive_rows(catalogue);
  // Rows [x, w v / |v|, w u / |u|]: lengths 1 + w^2 for each kind an item has, products added up.
  const auto cosine = [&](ItemId a, ItemId b) {
    return dot(space.vectors().row_span(space.row(a)), space.vectors().row_span(space.row(b)));
  };
  EXPECT_NEAR(cosine(0, 2), (naive_cosine(rows[0], rows[2]) + 0.25) / 1.25, 1e-4);
  EXPECT_NEAR(cosine(0, 1), naive_cosine(rows[0], rows[1]) / std::sqrt(1.25 * 1.5), 1e-4);
  EXPECT_NEAR(cosine(3, 2), 0.25 * std::sqrt(0.5) / std::sqrt(0.25 * 1.25), 1e-4);
  EXPECT_NEAR(cosine(4, 1), -0.25 / std::sqrt(0.25 * 1.5), 1e-4);
  const ContentSpace words = of(catalogue, {.vectors_weight = 0});
  EXPECT_EQ(words.vocabulary().size(), 3u);
}

TEST_F(ContentSpaceTest, KeepsTheMostFrequentFeatures) {
  const ContentSpace space = of(titled({"ab", "ab", "ab", "cd"}), {.features = 3});
  EXPECT_EQ(space.features(), 3u);  // the word ab and its two trigrams
  EXPECT_EQ(space.vocabulary().size(), 3u);
  EXPECT_TRUE(space.of_text("cd").empty());
}

TEST_F(ContentSpaceTest, OfOneItemAndOfNone) {
  const ContentSpace one = of(titled({"lantern"}));
  EXPECT_EQ(one.width(), 1u);
  EXPECT_NEAR(one.vectors()(0, 0), 1, 1e-6);
  const ContentSpace none = of(titled({"", "?!"}));
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(none.of_text("lantern").empty());
}

TEST_F(ContentSpaceTest, NamesAnItemWhoseVectorIsNotFinite) {
  std::vector<Item> items = testing::items_of(titled({"a", "b"}));
  items[1].vectors["audio"] = {1, std::numeric_limits<float>::quiet_NaN()};
  try {
    of(Catalogue(items));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_EQ(error.where(), "item i0000001");
    EXPECT_NE(std::string(error.what()).find("kind audio"), std::string::npos);
  }
}

TEST_F(ContentSpaceTest, RefusesOptionsThatLeaveNothing) {
  EXPECT_THROW(of(titled({"a"}), {.width = 0}), std::invalid_argument);
  EXPECT_THROW(of(titled({"a"}), {.features = 0}), std::invalid_argument);
}

/// Titles of words drawn from a Zipf-like vocabulary.
Catalogue many(std::size_t n) {
  RandomStream random(11);
  std::vector<std::string> titles(n);
  for (std::string& title : titles) {
    for (int w = 0; w < 5; ++w) {
      title += " word" + std::to_string(static_cast<int>(200 * random.uniform() * random.uniform()));
    }
  }
  return titled(titles);
}

TEST_F(ContentSpaceTest, HasTheSameBytesForAnyNumberOfThreads) {
  const Catalogue catalogue = many(1500);
  TemporaryFolder folder;
  of(catalogue, {.width = 16}, 1).save(folder / "one");
  of(catalogue, {.width = 16}, 5).save(folder / "many");
  EXPECT_EQ(testing::bytes_of(folder / "one"), testing::bytes_of(folder / "many"));
  of(catalogue, {.width = 16, .seed = 2}, 1).save(folder / "other");
  EXPECT_NE(testing::bytes_of(folder / "one"), testing::bytes_of(folder / "other"));
}

TEST_F(ContentSpaceTest, FittedOnASamplePlacesEveryItem) {
  const ContentSpace space = of(many(5000), {.width = 16, .fit_items = 500});
  EXPECT_EQ(space.vocabulary().size(), 5000u);
}

TEST_F(ContentSpaceTest, ReadsBackWhatItWrote) {
  std::vector<Item> items = testing::items_of(titled(kTitles));
  for (std::size_t i = 0; i < items.size(); ++i) items[i].attributes["price"] = static_cast<double>(i);
  TemporaryFolder folder;
  const ContentSpace space = of(Catalogue(items), {.width = 4, .history = 7, .recency = 0.5});
  space.save(folder / "words.safetensors");
  const ContentSpace read = ContentSpace::open(folder / "words.safetensors", kTitles.size());
  EXPECT_EQ(read.options(), space.options());
  EXPECT_EQ(read.of_text("white tea"), space.of_text("white tea"));
  EXPECT_TRUE(std::ranges::equal(read.vocabulary(), space.vocabulary()));
  read.save(folder / "again");
  EXPECT_EQ(testing::bytes_of(folder / "again"), testing::bytes_of(folder / "words.safetensors"));
  EXPECT_THROW(ContentSpace::open(folder / "words.safetensors", 3), Error);  // of a larger catalogue
}

TEST_F(ContentSpaceTest, RefusesADamagedFile) {
  TemporaryFolder folder;
  of(titled(kTitles), {.width = 4}).save(folder / "good");
  const auto good = Safetensors::open(folder / "good");
  const auto refuses = [&](const std::string& changed, std::span<const float> values,
                           std::vector<std::size_t> shape) {
    SafetensorsWriter writer;
    for (const std::string name : {"buckets", "vocabulary"})
      writer.add(name, good->shape(name), good->i32(name));
    for (const std::string name : {"idf", "projection", "vectors"}) {
      if (name == changed) {
        writer.add(name, shape, values);
      } else {
        writer.add(name, good->shape(name), good->f32(name));
      }
    }
    for (const char* key :
         {"bounds", "width", "features", "vectors_weight", "fit_items", "history", "recency", "seed"})
      writer.metadata(key, key == changed ? "nonsense" : good->metadata(key));
    writer.write(folder / "bad");
    try {
      ContentSpace::open(folder / "bad", kTitles.size());
      ADD_FAILURE() << changed;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore) << changed;
    }
  };
  std::vector<float> zeros(4 * good->shape("vectors")[0]);
  refuses("vectors", std::span(zeros).first(4), {1, 4});
  refuses("projection", std::span(zeros).first(8), {2, 4});
  refuses("idf", std::span(zeros).first(3), {3});
  zeros[1] = std::numeric_limits<float>::quiet_NaN();
  refuses("vectors", zeros, good->shape("vectors"));
  refuses("bounds", {}, {});
  refuses("recency", {}, {});
}

}  // namespace
}  // namespace segue::index
