#include "index/suggestions/suggestion_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "index/input/fold.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

namespace fs = std::filesystem;

Item make(std::string id, std::string kind, std::string title, std::optional<double> weight = {}) {
  Item item;
  item.id = std::move(id);
  item.kind = std::move(kind);
  item.title = std::move(title);
  item.weight = weight;
  return item;
}

class SuggestionTableTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("segue_suggestions_") + test->name() + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "table.safetensors"; }
  std::unique_ptr<SuggestionTable> table_of(const Catalogue& catalogue,
                                            std::span<const float> counts = {}) const {
    SuggestionTable::build(catalogue, counts, file());
    return SuggestionTable::open(file(), catalogue);
  }

  fs::path folder_;
};

std::vector<std::string> texts_of(const SuggestionTable& table) {
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < table.size(); ++row) texts.emplace_back(table[row].folded);
  return texts;
}

/// A catalogue of n random titles of one to five words, many of them equal.
Catalogue random_catalogue(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Item> items;
  for (std::size_t i = 0; i < n; ++i) {
    std::string title;
    for (std::size_t w = 1 + random() % 5; w > 0; --w) {
      if (!title.empty()) title += ' ';
      for (std::size_t c = 1 + random() % 3; c > 0; --c) title += static_cast<char>('a' + random() % 6);
    }
    items.push_back(make("i" + std::to_string(i), random() % 4 == 0 ? "query" : "item", title));
  }
  return Catalogue(std::move(items));
}

std::vector<float> random_counts(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> counts(n);
  for (float& count : counts) count = static_cast<float>(random() % 20);  // many ties
  return counts;
}

TEST_F(SuggestionTableTest, HoldsEachFoldedTextOnceInTheOrderOfItsBytes) {
  const Catalogue catalogue({make("1", "item", "White  Lantern"), make("2", "item", "white lantern!"),
                             make("3", "item", "Abat-jour"), make("4", "item", "\xc3\x89t\xc3\xa9"),
                             make("5", "item", ""), make("6", "item", "...")});
  const auto table = table_of(catalogue);
  std::vector<std::string> expected = {fold("Abat-jour"), "ete", "white lantern"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(texts_of(*table), expected);
  EXPECT_EQ((*table)[*table->find("ete")].text, "\xc3\x89t\xc3\xa9") << "shown as it was written";
}

TEST_F(SuggestionTableTest, PrefersAQueryItemThenTheMorePopularThenTheSmallerId) {
  const Catalogue catalogue({make("a", "item", "red box"), make("b", "query", "Red Box"),
                             make("c", "item", "blue box"), make("d", "item", "Blue box"),
                             make("e", "item", "green box"), make("f", "item", "Green box")});
  const float counts[] = {90, 1, 3, 7, 5, 5};
  const auto table = table_of(catalogue, counts);
  const Suggestion red = (*table)[*table->find("red box")];
  EXPECT_EQ(red.item, catalogue.find("b"));
  EXPECT_EQ(red.source, SuggestionSource::kQueryItem);
  EXPECT_EQ(red.text, "Red Box");
  EXPECT_EQ((*table)[*table->find("blue box")].item, catalogue.find("d"));
  EXPECT_EQ((*table)[*table->find("green box")].item, catalogue.find("e"));
  EXPECT_EQ(table->row_of(catalogue.find("a")), table->find("red box"))
      << "an item finds its text, whoever is shown";
}

TEST_F(SuggestionTableTest, WeighsATextByEventsAndPriorOnALogarithmicScaleUpToOne) {
  const Catalogue catalogue({make("a", "item", "a"), make("b", "item", "b", 4.0),
                             make("c", "query", "c", -3.0), make("d", "item", "c"), make("e", "item", "e")});
  const float counts[] = {9, 5, 0, 99, 0};
  const auto table = table_of(catalogue, counts);
  const double most = std::log1p(99);
  EXPECT_FLOAT_EQ((*table)[*table->find("a")].weight, static_cast<float>(std::log1p(9) / most));
  EXPECT_FLOAT_EQ((*table)[*table->find("b")].weight, static_cast<float>(std::log1p(9) / most))
      << "5 events and 4 prior";
  EXPECT_FLOAT_EQ((*table)[*table->find("c")].weight, 1)
      << "the most popular item of a text gives its weight";
  EXPECT_FLOAT_EQ((*table)[*table->find("e")].weight, 0);
}

TEST_F(SuggestionTableTest, LeavesOutTitlesThatNobodyWouldType) {
  const std::string long_title(SuggestionTable::kLongestTitle + 1, 'x');
  const std::string twelve = "a b c d e f g h i j k l";
  const Catalogue catalogue({make("1", "item", long_title), make("2", "item", twelve),
                             make("3", "item", twelve + " m"), make("4", "query", twelve + " n")});
  const auto table = table_of(catalogue);
  EXPECT_EQ(texts_of(*table), (std::vector<std::string>{twelve, twelve + " n"}));
  EXPECT_EQ(table->row_of(catalogue.find("1")), std::nullopt);
}

TEST_F(SuggestionTableTest, FindsTheRowsOfAnyPrefixAsAScanDoes) {
  const Catalogue catalogue = random_catalogue(700, 1);
  const auto table = table_of(catalogue);
  std::vector<std::string> prefixes = {"", "a", "ab", "f ", "g", "\xff", "zzz"};
  for (std::size_t row = 0; row < table->size(); row += 7) {
    const std::string text((*table)[row].folded);
    prefixes.push_back(text.substr(0, 1 + row % text.size()));
    prefixes.push_back(text + "a");
  }
  for (const std::string& prefix : prefixes) {
    const auto [first, last] = table->prefix_range(prefix);
    for (std::size_t row = 0; row < table->size(); ++row) {
      EXPECT_EQ((*table)[row].folded.substr(0, prefix.size()) == prefix, first <= row && row < last)
          << prefix << row;
    }
  }
}

TEST_F(SuggestionTableTest, GivesTheHeaviestOfAnyRangeAsASortDoes) {
  for (const std::size_t n : {1u, 2u, 31u, 32u, 33u, 64u, 65u, 400u, 3000u}) {
    const Catalogue catalogue = random_catalogue(n, static_cast<unsigned>(n));
    const auto table = table_of(catalogue, random_counts(n, 3));
    std::mt19937 random(5);
    for (int i = 0; i < 60; ++i) {
      std::size_t first = random() % (table->size() + 1);
      std::size_t last = i == 0 ? table->size() : random() % (table->size() + 1);
      if (i == 0) first = 0;
      if (first > last) std::swap(first, last);
      const std::size_t k = 1 + random() % 40;
      std::vector<SuggestionTable::Row> expected;
      for (std::size_t row = first; row < last; ++row)
        expected.push_back(static_cast<SuggestionTable::Row>(row));
      std::sort(expected.begin(), expected.end(), [&table](auto a, auto b) {
        const Suggestion left = (*table)[a];
        const Suggestion right = (*table)[b];
        return left.weight != right.weight ? left.weight > right.weight : left.item < right.item;
      });
      expected.resize(std::min(k, expected.size()));
      ASSERT_EQ(table->heaviest(first, last, k), expected) << n << ": " << first << " to " << last;
    }
  }
}

TEST_F(SuggestionTableTest, KnowsTheWordsOfEachRowAndTheRowsOfEachWordHeaviestFirst) {
  const Catalogue catalogue = random_catalogue(500, 9);
  const auto table = table_of(catalogue, random_counts(500, 4));
  const SuggestionWords& words = table->words();
  std::size_t holds = 0;
  for (SuggestionWords::WordId word = 0; word < words.size(); ++word) {
    EXPECT_TRUE(word == 0 || words.word(word - 1) < words.word(word));
    const auto rows = words.rows_of(word);
    ASSERT_FALSE(rows.empty());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_TRUE(i == 0 || table->rank(rows[i - 1]) < table->rank(rows[i]));
      const std::string padded = " " + std::string((*table)[rows[i]].folded) + " ";
      EXPECT_NE(padded.find(" " + std::string(words.word(word)) + " "), std::string::npos);
      const auto own = words.words_of(rows[i]);
      EXPECT_TRUE(std::binary_search(own.begin(), own.end(), word));
    }
    holds += rows.size();
    EXPECT_NEAR(words.inverse_frequency(word),
                std::log(1 + static_cast<double>(table->size()) / static_cast<double>(rows.size())), 1e-6);
  }
  std::size_t said = 0;
  for (SuggestionTable::Row row = 0; row < table->size(); ++row) said += words.words_of(row).size();
  EXPECT_EQ(said, holds);
  const auto [first, last] = words.prefix_range("ab");
  for (SuggestionWords::WordId word = 0; word < words.size(); ++word) {
    EXPECT_EQ(words.word(word).substr(0, 2) == "ab", first <= word && word < last);
  }
}

TEST_F(SuggestionTableTest, IsTheSameFileForTheSameCatalogue) {
  const Catalogue catalogue = random_catalogue(300, 2);
  const auto bytes = [this] {
    std::ifstream in(file(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  SuggestionTable::build(catalogue, random_counts(300, 1), file());
  const std::string once = bytes();
  SuggestionTable::build(catalogue, random_counts(300, 1), file());
  EXPECT_EQ(bytes(), once);
  EXPECT_GT(once.size(), 1000u);
}

TEST_F(SuggestionTableTest, WorksWithNothingToSuggest) {
  const auto table = table_of(Catalogue({}));
  EXPECT_EQ(table->size(), 0u);
  EXPECT_EQ(table->prefix_range("a"), (std::pair<std::size_t, std::size_t>(0, 0)));
  EXPECT_TRUE(table->heaviest(0, 0, 5).empty());
  EXPECT_EQ(table->find("a"), std::nullopt);
  EXPECT_EQ(table->words().size(), 0u);
}

TEST_F(SuggestionTableTest, RefusesTheTableOfAnotherCatalogueAndCountsOfAnotherSize) {
  SuggestionTable::build(random_catalogue(40, 1), {}, file());
  EXPECT_THROW(SuggestionTable::open(file(), random_catalogue(41, 1)), Error);
  const float counts[] = {1, 2};
  EXPECT_THROW(SuggestionTable::build(random_catalogue(40, 1), counts, file()), std::invalid_argument);
}

TEST_F(SuggestionTableTest, RefusesDamagedBytesOrReadsWithinBounds) {
  const Catalogue catalogue = random_catalogue(60, 8);
  SuggestionTable::build(catalogue, random_counts(60, 2), file());
  std::ifstream in(file(), std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    if (i % 8 == 0) damaged.resize(random() % damaged.size());
    std::ofstream(file(), std::ios::binary) << damaged;
    try {
      const auto table = SuggestionTable::open(file(), catalogue);
      for (std::size_t row = 0; row < table->size(); ++row) {
        EXPECT_LE((*table)[row].text.size(), whole.size());
        for (const auto word : table->words().words_of(static_cast<SuggestionTable::Row>(row))) {
          EXPECT_FALSE(table->words().rows_of(word).empty() &&
                       table->words().word(word).size() > whole.size());
        }
      }
      table->heaviest(0, table->size(), table->size());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace segue::index
