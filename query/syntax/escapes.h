#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "query/syntax/diagnostics.h"

namespace segue::query::syntax {

/// Bytes of the character at a position, 1 for a byte that begins no valid UTF-8 sequence. text must reach
/// that far.
std::size_t character_length(std::string_view text, std::size_t at);

/// Whether the bytes at a position are one whole UTF-8 character: shortest form, no surrogate, at most
/// U+10FFFF.
bool is_character(std::string_view text, std::size_t at);

/// Reports every place of the text that is not UTF-8.
void check_utf8(std::string_view text, Diagnostics& diagnostics);

/// The text of a range with its escapes undone. Bytes that are not UTF-8 become U+FFFD. Errors: \u without
/// four hexadecimal digits, half a surrogate pair, a backslash at the end; they are reported and the text
/// goes on without.
std::string unescape(std::string_view text, TextRange range, Diagnostics& diagnostics);

/// The same for a pattern: a backslash stays before an escaped *, ? or backslash, so that these stay plain
/// characters.
std::string unescape_pattern(std::string_view text, TextRange range, Diagnostics& diagnostics);

/// A text written so that it reads as one term (or field) of exactly this text. An empty text has no such
/// form.
std::string escape_term(std::string_view text);
/// The same for a text that an asterisk follows: AND* needs no escape.
std::string escape_prefix(std::string_view text);
/// A pattern as unescape_pattern gives it, written so that it is read again.
std::string escape_pattern(std::string_view pattern);
/// "text" between quotes of the given kind, " or '.
std::string quote(std::string_view text, char mark = '"');

}  // namespace segue::query::syntax
