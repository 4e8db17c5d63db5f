#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// Words longer than this many code points are cut into pieces, as Java Lucene's StandardTokenizer does.
inline constexpr std::size_t kLongestWord = 255;

/// The words of a UTF-8 text by the word boundaries of UAX #29 (default rules), as views into it: letters and
/// digits with their marks, joined over inner apostrophes, full stops and colons ("can't", "3.14",
/// "example.com") and over underscores; each ideograph and each Hiragana letter by itself; runs of Thai, Lao,
/// Khmer and Burmese, which write no blanks, whole; pictographs and flags. Bytes that are not UTF-8 separate
/// words. Thread-safe.
std::vector<std::string_view> words(std::string_view text);

/// The runs of letters, digits and their marks, nothing joined. Thread-safe.
std::vector<std::string_view> alphanumeric_runs(std::string_view text);

/// Lower case by code point (Unicode's simple mapping), without regard to language. Bytes that are not UTF-8
/// become U+FFFD. Thread-safe.
std::string lower_case(std::string_view text);

}  // namespace segue::index
