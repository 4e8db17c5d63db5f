#include "index/text/analyzer.h"

#include <algorithm>
#include <array>

#include "index/text/porter_stemmer.h"
#include "index/text/word_breaker.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

// Java Lucene's EnglishAnalyzer.ENGLISH_STOP_WORDS_SET, sorted.
constexpr std::array<std::string_view, 33> kStopWords = {
    "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
    "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
    "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};

// Drops 's from the end, with the apostrophes U+0027, U+2019 and U+FF07.
std::string_view without_possessive(std::string_view word) {
  if (!word.ends_with('s') && !word.ends_with('S')) return word;
  for (const std::string_view apostrophe : {"'", "\xe2\x80\x99", "\xef\xbc\x87"}) {
    const std::string_view rest = word.substr(0, word.size() - 1);
    if (rest.ends_with(apostrophe)) return rest.substr(0, rest.size() - apostrophe.size());
  }
  return word;
}

std::vector<Token> english(std::string_view text) {
  std::vector<Token> tokens;
  std::int32_t position = 0;
  for (const std::string_view word : words(text)) {
    std::string token = lower_case(without_possessive(word));
    if (!std::binary_search(kStopWords.begin(), kStopWords.end(), token)) {
      porter_stem(token);
      tokens.push_back({std::move(token), position});
    }
    ++position;
  }
  return tokens;
}

std::vector<Token> simple(std::string_view text) {
  std::vector<Token> tokens;
  std::int32_t position = 0;
  for (const std::string_view word : alphanumeric_runs(text))
    tokens.push_back({lower_case(word), position++});
  return tokens;
}

}  // namespace

const Analyzer& Analyzer::named(std::string_view name) {
  static const Analyzer kEnglish("english", english);
  static const Analyzer kSimple("simple", simple);
  if (name == kEnglish.name()) return kEnglish;
  if (name == kSimple.name()) return kSimple;
  throw Error(ErrorKind::kBadInput, "unknown analyzer '" + std::string(name) + "'", {},
              "use english or simple");
}

}  // namespace segue::index
