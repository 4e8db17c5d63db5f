#pragma once

#include <span>
#include <string>
#include <string_view>

namespace segue::index {

/// Simple case mapping of Unicode, character by character; bytes that are not UTF-8 stay.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// Without blanks, tabs and line breaks at both ends.
std::string_view trim(std::string_view text);

/// trim(), with runs of white space inside as one blank.
std::string collapse_blanks(std::string_view text);

/// A title that is mostly in capitals (more than half of its letters) in the case of a sentence: all small
/// but the first letter. A word of `words` is spelt as there, whatever its case: words are what stands
/// between blanks, slashes, commas and brackets. Other titles stay as they are. "WHITE T-LIGHT HOLDER" is
/// "White T-light holder" with the word "T-light".
std::string sentence_case(std::string_view title, std::span<const std::string> words = {});

}  // namespace segue::index
