#include "index/text/text_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "index/text/text_index_impl.h"
#include "kernels/error.h"
#include "tests/index/text_corpus.h"

namespace segue::index {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Indexed;
using ::testing::IsEmpty;
using testing::item;
using testing::numbered;
using testing::ScratchDirectory;

std::vector<std::string> split(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string field_text(const Item& item, std::string_view field) {
  if (field == kTitleField) return item.title;
  if (field == kTextField) return item.text;
  return item.title + " " + item.text;
}

// BM25 as the formula stands, from the texts themselves.
std::vector<ScoredItem> reference_ranking(const Catalogue& catalogue,
                                          const std::vector<TextIndex::WeightedToken>& query,
                                          std::string_view field, std::size_t k, const ItemSet* allowed,
                                          Bm25Parameters parameters) {
  std::vector<std::vector<std::string>> documents;
  double count = 0;
  double length = 0;
  std::map<std::string, double> frequencies;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    documents.push_back(split(field_text(catalogue.item(i), field)));
    if (catalogue.is_query(i)) continue;
    count += 1;
    length += static_cast<double>(documents.back().size());
    for (const std::string& word : std::set<std::string>(documents.back().begin(), documents.back().end())) {
      frequencies[word] += 1;
    }
  }
  std::vector<ScoredItem> ranking;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    if (allowed != nullptr && !allowed->contains(i)) continue;
    double score = 0;
    bool holds = false;
    for (const auto& [token, weight] : query) {
      const double tf = static_cast<double>(std::count(documents[i].begin(), documents[i].end(), token));
      if (tf == 0) continue;
      holds = true;
      const double df = frequencies[token];
      const double norm =
          parameters.k1 *
          (1 - parameters.b + parameters.b * static_cast<double>(documents[i].size()) * count / length);
      score += weight * std::log(1 + (count - df + 0.5) / (df + 0.5)) * tf / (tf + norm);
    }
    if (holds) ranking.push_back({i, score});
  }
  std::sort(ranking.begin(), ranking.end(), ranks_before);
  if (ranking.size() > k) ranking.resize(k);
  return ranking;
}

TEST(TextIndex, ScoresWordsAsTheFormulaSays) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 4; ++round) {
    const Indexed indexed(testing::random_items(300, 30, random));
    for (int q = 0; q < 25; ++q) {
      std::vector<TextIndex::WeightedToken> query;
      for (std::uint64_t n = random() % 5; n > 0; --n) {
        query.push_back({numbered("w", random() % 33), 0.5 + static_cast<double>(random() % 4)});
      }
      ItemSet allowed(indexed.catalogue.size());
      for (ItemId i = 0; i < allowed.size(); ++i) {
        if (random() % 3 != 0) allowed.insert(i);
      }
      const std::string_view field = std::array{kDefaultField, kTitleField, kTextField}[random() % 3];
      const Bm25Parameters parameters = {0.5 + static_cast<double>(random() % 3),
                                         static_cast<double>(random() % 5) / 4};
      const ItemSet* filter = random() % 2 == 0 ? &allowed : nullptr;
      const std::size_t k = random() % 2 == 0 ? 10 : 1000;
      const auto expected = reference_ranking(indexed.catalogue, query, field, k, filter, parameters);
      const auto found = indexed.index->score_words(query, field, k, filter, parameters);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i].score, expected[i].score, 1e-12);
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), ranks_before));
    }
  }
}

TEST(TextIndex, BreaksTiesByTheBytesOfTheIds) {
  std::vector<Item> items;
  for (std::size_t i = 99; i >= 10; --i) items.push_back(item(numbered("id", i), "red heart lantern"));
  items.push_back(item("best", "red heart"));
  const Indexed indexed(std::move(items));
  const auto found = indexed.index->score_words(
      std::vector<TextIndex::WeightedToken>{{"lantern"}, {"red"}, {"heart"}}, kDefaultField, 5, nullptr);
  ASSERT_EQ(found.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(indexed.catalogue.id(found[i].item), numbered("id", 10 + i));
    EXPECT_EQ(found[i].score, found[0].score);
  }
}

TEST(TextIndex, CountsNoQueriesInItsStatistics) {
  const Indexed indexed({item("a", "red lamp", "one two"), item("b", "lamp"), item("q1", "red", "", "query"),
                         item("q2", "red lamp", "", "query")});
  EXPECT_EQ(indexed.index->statistics(kDefaultField).documents, 2u);
  EXPECT_DOUBLE_EQ(indexed.index->statistics(kDefaultField).average_length, 2.5);
  EXPECT_DOUBLE_EQ(indexed.index->statistics(kTitleField).average_length, 1.5);
  EXPECT_DOUBLE_EQ(indexed.index->statistics(kTextField).average_length, 1);
  const auto red = indexed.index->impl().postings(kTitleField, "red");
  EXPECT_EQ(red->document_frequency, 1u);
  EXPECT_THAT(red->items, ElementsAre(indexed.id("a"), indexed.id("q1"), indexed.id("q2")));
}

TEST(TextIndex, KnowsExactLengthsAndTypesOfFields) {
  Item first = item("a", "the big heart", "of gold");
  first.attributes = {
      {"price", 2.5}, {"mixed", 1.0}, {"tags", std::vector<std::string>{"x", "y"}}, {"sale", true}};
  Item second = item("b", "", "");
  second.attributes = {{"mixed", std::string("one")}};
  const Indexed indexed({first, second}, "english");
  EXPECT_EQ(indexed.index->analyzer(), "english");
  EXPECT_THAT(indexed.index->lengths(kTitleField), ElementsAre(2, 0));
  EXPECT_THAT(indexed.index->lengths(kDefaultField), ElementsAre(3, 0));
  EXPECT_THAT(indexed.index->fields(),
              ElementsAre("_all", "id", "kind", "mixed", "price", "sale", "tags", "text", "title"));
  EXPECT_EQ(*indexed.index->field_type("price"), FieldType::kNumber);
  EXPECT_EQ(*indexed.index->field_type("sale"), FieldType::kBoolean);
  EXPECT_EQ(*indexed.index->field_type("tags"), FieldType::kString);
  EXPECT_EQ(*indexed.index->field_type("mixed"), FieldType::kString);
  EXPECT_EQ(*indexed.index->field_type("title"), FieldType::kText);
  EXPECT_EQ(indexed.index->field_type("nothing"), nullptr);
  EXPECT_THROW(indexed.index->lengths("price"), std::invalid_argument);
  EXPECT_THAT(indexed.index->analyze("The Golden Hearts"), ElementsAre("golden", "heart"));
  EXPECT_THAT(indexed.index->impl().postings("mixed", "1")->items, ElementsAre(0));
}

TEST(TextIndex, MatchesPhrasesInOneTextAndNotAcrossTitleAndText) {
  const Indexed indexed({item("a", "red heart", "lamp red heart red heart"), item("b", "heart red", "x"),
                         item("c", "red", "heart"), item("d", "red big heart")});
  const auto& reader = indexed.index->impl().reader;
  const std::vector<Token> phrase = {{"red", 0}, {"heart", 1}};
  const auto exact = reader.phrase(kDefaultField, phrase, 0);
  ASSERT_EQ(exact.size(), 1u);
  EXPECT_EQ(exact[0].item, indexed.id("a"));
  EXPECT_DOUBLE_EQ(exact[0].frequency, 3);
  const auto sloppy = reader.phrase(kTitleField, phrase, 1);
  ASSERT_EQ(sloppy.size(), 2u);
  EXPECT_EQ(sloppy[1].item, indexed.id("d"));
  EXPECT_DOUBLE_EQ(sloppy[1].frequency, 0.5);
  EXPECT_EQ(reader.phrase(kTitleField, phrase, 2).size(), 3u);  // two moves swap two words
  EXPECT_THAT(reader.phrase("nowhere", phrase, 0), IsEmpty());
}

TEST(TextIndex, FindsNumbersByRange) {
  std::vector<Item> items;
  const std::vector<double> values = {-1e300, -2.5, -0.0, 0.0, 1e-9, 1, 1.5, 2, 1e300, INFINITY, NAN};
  for (std::size_t i = 0; i < values.size(); ++i) {
    items.push_back(item(std::string(1, static_cast<char>('a' + i)), ""));
    items.back().attributes["n"] = values[i];
  }
  const Indexed indexed(std::move(items));
  const auto found = [&](NumberRange range) {
    std::string ids;
    const ItemSet set = indexed.index->impl().reader.numbers("n", range);
    for (ItemId i = 0; i < set.size(); ++i) {
      if (set.contains(i)) ids += indexed.catalogue.id(i);
    }
    return ids;
  };
  EXPECT_EQ(found({}), "abcdefghi");
  EXPECT_EQ(found({.low = 1, .high = 2}), "fgh");
  EXPECT_EQ(found({.low = 1, .high = 2, .inclusive = false}), "g");
  EXPECT_EQ(found({.low = 0, .high = 0}), "cd");
  EXPECT_EQ(found({.high = 0, .inclusive = false}), "ab");
  EXPECT_EQ(found({.low = 3, .high = 1}), "");
}

TEST(TextIndex, ListsTermsInTheOrderOfTheirBytes) {
  const Indexed indexed({item("a", "beta alpha"), item("b", "ärger 日"), item("c", "zeta beta 😀")});
  std::vector<std::string> seen;
  indexed.index->impl().reader.terms(kTitleField, "b", [&](std::string_view term) {
    seen.emplace_back(term);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("beta", "zeta", "ärger", "日"));
}

TEST(TextIndex, KeepsOddExactValuesApart) {
  Item a = item("a", "");
  a.attributes["v"] = std::string("x\xef\xbf\xbfy");  // U+FFFF ends terms inside Lucene++
  Item b = item("b", "");
  b.attributes["v"] = std::string("x");
  Item c = item("c", "");
  c.attributes["v"] = std::string();
  Item d = item("d", "");
  d.attributes["v"] = std::string(20000, 'z');
  Item e = item("e", "");
  e.attributes["v"] = std::string("x\0y", 3);
  Item f = item("f", "");
  f.attributes["v"] = std::string("😀");
  const Indexed indexed({a, b, c, d, e, f});
  for (const Item& item : {a, b, c, d, e, f}) {
    EXPECT_THAT(indexed.index->impl().postings("v", std::get<std::string>(item.attributes.at("v")))->items,
                ElementsAre(indexed.id(item.id)))
        << item.id;
  }
}

TEST(TextIndex, KeepsTheOrderOfManyItems) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < 30000; ++i) items.push_back(item(numbered("id", i), numbered("common u", i)));
  const Indexed indexed(std::move(items));
  EXPECT_EQ(indexed.index->impl().postings(kTitleField, "common")->items.size(), 30000u);
  for (ItemId i = 0; i < 30000; i += 997) {
    const std::string word(indexed.catalogue.title(i).substr(7));
    EXPECT_THAT(indexed.index->impl().postings(kTitleField, word)->items, ElementsAre(i));
    EXPECT_THAT(indexed.index->impl().postings(kIdField, indexed.catalogue.id(i))->items, ElementsAre(i));
  }
}

TEST(TextIndex, OfNoItemsFindsNothing) {
  const Indexed indexed({});
  EXPECT_EQ(indexed.index->size(), 0u);
  EXPECT_EQ(indexed.index->statistics(kDefaultField).documents, 0u);
  EXPECT_THAT(
      indexed.index->score_words(std::vector<TextIndex::WeightedToken>{{"x"}}, kDefaultField, 10, nullptr),
      IsEmpty());
  EXPECT_THAT(indexed.index->impl().reader.phrase(kDefaultField, std::vector<Token>{{"a", 0}, {"b", 1}}, 0),
              IsEmpty());
  EXPECT_EQ(indexed.index->impl().reader.numbers("n", {}).count(), 0u);
}

TEST(TextIndex, OfQueriesAloneStillFindsThem) {
  const Indexed indexed({item("q1", "red lamp", "", "query"), item("q2", "blue lamp", "", "query")});
  const auto found = indexed.index->score_words(std::vector<TextIndex::WeightedToken>{{"red"}, {"lamp"}},
                                                kDefaultField, 10, nullptr);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(std::isfinite(found[0].score));
}

TEST(TextIndex, RefusesReservedNamesOfAttributes) {
  for (const char* name : {"title", "_all", ""}) {
    Item bad = item("thing", "");
    bad.attributes[name] = 1.0;
    const ScratchDirectory scratch;
    try {
      TextIndex::build(Catalogue({bad}), scratch.path());
      FAIL() << "accepted " << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("item thing"));
    }
  }
}

TEST(TextIndex, RefusesADirectoryThatHoldsSomething) {
  const ScratchDirectory scratch;
  std::ofstream(scratch.path() / "note") << "x";
  EXPECT_THROW(TextIndex::build(Catalogue({item("a", "b")}), scratch.path()), Error);
}

TEST(TextIndex, LivesInDirectoriesOfAnyNameInAnyLocale) {
  const ScratchDirectory scratch;
  const Catalogue catalogue({item("a", "red lamp")});
  const auto directory = scratch.path() / "Größe 日本" / "text";
  TextIndex::build(catalogue, directory);
  const auto index = TextIndex::open(directory, catalogue);
  EXPECT_EQ(index->impl().postings(kTitleField, "lamp")->items.size(), 1u);
}

TEST(TextIndex, NamesWhatIsDamaged) {
  const ScratchDirectory scratch;
  const Catalogue catalogue({item("a", "red lamp"), item("b", "blue")});
  TextIndex::build(catalogue, scratch.path() / "text");
  const auto expect_damaged = [&](const Catalogue& items, const char* message) {
    try {
      TextIndex::open(scratch.path() / "text", items);
      FAIL() << "opened, but expected: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  };
  expect_damaged(Catalogue({item("a", "red lamp")}), "another number of items");
  std::ofstream(scratch.path() / "text" / kFieldsFile) << "{\"format\": 1";
  expect_damaged(catalogue, kFieldsFile);
  std::ofstream(scratch.path() / "text" / kFieldsFile)
      << R"({"format": 9, "analyzer": "english", "fields": {}})";
  expect_damaged(catalogue, "newer version");
  std::filesystem::remove(scratch.path() / "text" / kFieldsFile);
  expect_damaged(catalogue, kFieldsFile);
  std::filesystem::remove_all(scratch.path() / "text");
  expect_damaged(catalogue, "text");
}

TEST(TextIndex, AnswersManyThreadsAtOnceFromASmallCache) {
  std::mt19937_64 random(3);
  const Indexed indexed(testing::random_items(2000, 40, random), "simple", {.postings_cache_bytes = 20000});
  std::vector<std::vector<ScoredItem>> expected;
  const auto search = [&](std::size_t word) {
    const std::vector<TextIndex::WeightedToken> query = {{numbered("w", word)}, {numbered("w", word / 2)}};
    return indexed.index->score_words(query, kDefaultField, 20, nullptr);
  };
  for (std::size_t word = 0; word < 40; ++word) expected.push_back(search(word));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 400; ++i) {
        const std::size_t word = (i * 7 + t * 11) % 40;
        if (search(word) != expected[word]) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
  EXPECT_LE(indexed.index->impl().cache.bytes(), 20000u);
}

TEST(PostingsCache, DropsWhatWasUnusedForLongestAndNeverGrowsBeyondItsCapacity) {
  PostingsCache cache(3000);
  const auto postings = [](std::size_t n) {
    auto made = std::make_shared<Postings>();
    made->items.assign(n, 1);
    return made;
  };
  cache.insert("a", postings(100));
  cache.insert("b", postings(100));
  cache.insert("c", postings(100));
  ASSERT_NE(cache.find("a"), nullptr);
  cache.insert("d", postings(300));
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("d"), nullptr);
  cache.insert("huge", postings(5000));
  EXPECT_EQ(cache.find("huge"), nullptr);
  EXPECT_NE(cache.find("d"), nullptr);
  EXPECT_LE(cache.bytes(), 3000u);
}

}  // namespace
}  // namespace segue::index
