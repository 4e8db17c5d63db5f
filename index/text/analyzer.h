#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// A word as it is indexed, and its place among the words of the text; removed stop words leave holes.
struct Token {
  std::string text;
  std::int32_t position = 0;
  friend bool operator==(const Token&, const Token&) = default;
};

/// Turns texts into tokens, the same for items and queries. Immutable, thread-safe.
///
/// "english" gives the tokens of Java Lucene's EnglishAnalyzer: words by UAX #29, possessive 's dropped,
/// lower case, 33 stop words removed, Porter's stemmer. "simple" gives runs of letters and digits in lower
/// case.
class Analyzer {
 public:
  /// Throws Error (kBadInput) for a name that is neither.
  static const Analyzer& named(std::string_view name);

  std::string_view name() const { return name_; }
  std::vector<Token> tokens(std::string_view text) const { return tokens_(text); }

 private:
  using Function = std::vector<Token> (*)(std::string_view);
  Analyzer(std::string_view name, Function function) : name_(name), tokens_(function) {}

  std::string_view name_;
  Function tokens_;
};

}  // namespace segue::index
