#include "index/text/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "index/text/porter_stemmer.h"
#include "index/text/word_breaker.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(std::string_view analyzer, std::string_view text) {
  std::vector<std::string> result;
  for (const Token& token : Analyzer::named(analyzer).tokens(text)) result.push_back(token.text);
  return result;
}

std::string stem(std::string word) {
  porter_stem(word);
  return word;
}

TEST(Words, JoinOverInnerPunctuationOnlyBetweenTheSameSort) {
  EXPECT_THAT(
      words("can't stop. U.S.A. 3.14 1,000;5 a.1 1.a example.com x:y"),
      ElementsAre("can't", "stop", "U.S.A", "3.14", "1,000;5", "a", "1", "1", "a", "example.com", "x:y"));
  EXPECT_THAT(words("AT&T wi-fi foo_bar __ _x_ a1b2"),
              ElementsAre("AT", "T", "wi", "fi", "foo_bar", "_x_", "a1b2"));
}

TEST(Words, KeepMarksWithTheirLetters) {
  EXPECT_THAT(words("e\xcc\x81t\xc3\xa9 \xcc\x81"), ElementsAre("e\xcc\x81t\xc3\xa9"));
}

TEST(Words, CutScriptsWithoutBlanksAsUnicodeSays) {
  EXPECT_THAT(words("日本語テスト12"), ElementsAre("日", "本", "語", "テスト", "12"));
  EXPECT_THAT(words("ひら한국어abc"), ElementsAre("ひ", "ら", "한국어abc"));
  EXPECT_THAT(words("ภาษาไทย ok"), ElementsAre("ภาษาไทย", "ok"));
  EXPECT_THAT(words("צה\"ל ג'"), ElementsAre("צה\"ל", "ג'"));
}

TEST(Words, HoldPictographsAndFlags) {
  EXPECT_THAT(words("a👨‍👩‍👧b 🇩🇪🇫🇷 👍🏽!"),
              ElementsAre("a", "👨‍👩‍👧", "b", "🇩🇪", "🇫🇷", "👍🏽"));
}

TEST(Words, AreAtMost255CodePointsLong) {
  const std::string text = std::string(600, 'x') + " y";
  const std::vector<std::string_view> pieces = words(text);
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].size(), 255u);
  EXPECT_EQ(pieces[1].size(), 255u);
  EXPECT_EQ(pieces[2].size(), 90u);
  EXPECT_EQ(pieces[3], "y");
}

TEST(Words, SurviveBytesThatAreNotUtf8) {
  EXPECT_THAT(words("a\xff\xfe"
                    "b\xc3"),
              ElementsAre("a", "b"));
  EXPECT_EQ(lower_case("A\xff"), "a\xef\xbf\xbd");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("x") + static_cast<char>(byte) + static_cast<char>(byte) + "y";
    for (const std::string_view word : words(text)) EXPECT_FALSE(word.empty());
    for (const std::string_view word : alphanumeric_runs(text)) EXPECT_FALSE(word.empty());
  }
}

TEST(EnglishAnalyzer, GivesTheTokensOfJavaLucene) {
  EXPECT_THAT(texts("english", "The Dog's running; DOGS' bowls and the children’s toys"),
              ElementsAre("dog", "run", "dog", "bowl", "children", "toi"));
  EXPECT_THAT(texts("english", "A T-light holder, 2.5 cm"), ElementsAre("t", "light", "holder", "2.5", "cm"));
  EXPECT_THAT(texts("english", "to be or not to be"), IsEmpty());
  EXPECT_THAT(texts("english", "ÉCOLE İstanbul Straße"), ElementsAre("école", "istanbul", "straße"));
}

TEST(EnglishAnalyzer, LeavesHolesWhereStopWordsWere) {
  EXPECT_THAT(Analyzer::named("english").tokens("the state of the art"),
              ElementsAre(Token{"state", 1}, Token{"art", 4}));
}

TEST(SimpleAnalyzer, LowersLettersAndDigitsAndStemsNothing) {
  EXPECT_THAT(texts("simple", "The Dog's 2.5-inch RUNNING_x Ünit"),
              ElementsAre("the", "dog", "s", "2", "5", "inch", "running", "x", "ünit"));
}

TEST(Analyzer, RefusesUnknownNames) {
  try {
    Analyzer::named("klingon");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("klingon"));
  }
}

TEST(PorterStemmer, FollowsTheExamplesOfThePaper) {
  const std::pair<const char*, const char*> cases[] = {{"caresses", "caress"},
                                                       {"ponies", "poni"},
                                                       {"cats", "cat"},
                                                       {"feed", "feed"},
                                                       {"agreed", "agre"},
                                                       {"plastered", "plaster"},
                                                       {"motoring", "motor"},
                                                       {"sing", "sing"},
                                                       {"conflated", "conflat"},
                                                       {"hopping", "hop"},
                                                       {"falling", "fall"},
                                                       {"filing", "file"},
                                                       {"happy", "happi"},
                                                       {"sky", "sky"},
                                                       {"relational", "relat"},
                                                       {"digitizer", "digit"},
                                                       {"triplicate", "triplic"},
                                                       {"hopeful", "hope"},
                                                       {"revival", "reviv"},
                                                       {"adoption", "adopt"},
                                                       {"probate", "probat"},
                                                       {"rate", "rate"},
                                                       {"controlling", "control"},
                                                       {"accusation", "accus"},
                                                       {"at", "at"},
                                                       {"", ""}};
  for (const auto& [word, expected] : cases) EXPECT_EQ(stem(word), expected) << word;
}

TEST(PorterStemmer, NeverCutsALetterOfSeveralBytes) {
  EXPECT_EQ(stem("cafés"), "café");
  EXPECT_EQ(stem("naïvely"), "naïv");
  EXPECT_EQ(stem("aßßing"), "aß");   // a doubled consonant, as one is
  EXPECT_EQ(stem("a䀀ing"), "a䀀");  // its last two bytes are equal
  EXPECT_EQ(stem("éés"), "éé");
}

}  // namespace
}  // namespace segue::index
