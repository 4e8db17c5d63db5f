#include "query/lucene/expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/text_corpus.h"

namespace segue::query {
namespace {

using index::testing::Indexed;
using index::testing::item;
using index::testing::numbered;

TEST(Wildcards, MatchWholeTextsByCodePoints) {
  EXPECT_TRUE(wildcard_matches("r?d", "red"));
  EXPECT_TRUE(wildcard_matches("r?d", "räd"));
  EXPECT_FALSE(wildcard_matches("r?d", "reed"));
  EXPECT_TRUE(wildcard_matches("*", ""));
  EXPECT_TRUE(wildcard_matches("a*b*c", "aXXbYbYc"));
  EXPECT_FALSE(wildcard_matches("a*b*c", "aXXbYbYcd"));
  EXPECT_TRUE(wildcard_matches("a\\*b", "a*b"));
  EXPECT_FALSE(wildcard_matches("a\\*b", "aXb"));
  EXPECT_TRUE(wildcard_matches("a\\\\?", "a\\x"));
  EXPECT_TRUE(wildcard_matches("a\\", "a\\"));
}

TEST(Wildcards, TakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  EXPECT_FALSE(wildcard_matches(pattern + "b", std::string(4000, 'a')));
}

TEST(SimilarTerms, ComeBestFirstAndAreAtMostFifty) {
  std::vector<index::Item> items;
  for (std::size_t i = 0; i < 90; ++i) items.push_back(item(numbered("id", i), numbered("lantern", 10 + i)));
  items.push_back(item("x", "lantern lanterns"));
  const Indexed indexed(std::move(items));
  const std::vector<SimilarTerm> similar = similar_terms(*indexed.index, "title", "lantern", 0.5);
  ASSERT_EQ(similar.size(), kFuzzyTerms);
  EXPECT_EQ(similar[0].text, "lantern");
  EXPECT_EQ(similar[0].similarity, 1);
  EXPECT_EQ(similar[1].text, "lanterns");
  EXPECT_DOUBLE_EQ(similar[1].similarity, 1 - 1.0 / 7);
  EXPECT_EQ(similar[2].text, "lantern10");
  EXPECT_EQ(similar[49].text, "lantern57");
}

TEST(SimilarTerms, NeedMoreThanTheLeastSimilarity) {
  const Indexed indexed({item("a", "abcd abxx äbcd")});
  const auto texts = [&](double least) {
    std::vector<std::string> found;
    for (const SimilarTerm& term : similar_terms(*indexed.index, "title", "abcd", least))
      found.push_back(term.text);
    return found;
  };
  EXPECT_THAT(texts(0.5), ::testing::ElementsAre("abcd", "äbcd"));  // abxx is similar by .5 exactly
  EXPECT_THAT(texts(0.49), ::testing::ElementsAre("abcd", "äbcd", "abxx"));
  EXPECT_THAT(texts(1), ::testing::ElementsAre("abcd"));
}

TEST(Numbers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_number("2.50"), 2.5);
  EXPECT_EQ(parse_number("+1e3"), 1000);
  EXPECT_EQ(parse_number("-.5"), -0.5);
  for (const char* bad : {"", "+", "-", "+-1", "1 ", " 1", "1x", "inf", "nan", "1e999", "0x10"}) {
    EXPECT_FALSE(parse_number(bad)) << bad;
  }
}

}  // namespace
}  // namespace segue::query
