#pragma once

#include <string>
#include <string_view>

namespace segue::index {

/// The form in which texts are compared and completed: NFKC, lower case, accents and punctuation removed (marks only in
/// Latin, Greek and Cyrillic; l-stroke, o-slash, ae and kin by a table), white space collapsed to single blanks, none at
/// the ends. ASCII takes a fast path. Invalid UTF-8 is replaced by U+FFFD and removed. Thread-safe.
std::string fold(std::string_view text);

/// fold() of a text that is still being typed: a blank at the end stays, since it ends a word.
std::string fold_prefix(std::string_view text);

}  // namespace segue::index
