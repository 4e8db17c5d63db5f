#include "query/syntax/token_cursor.h"

#include "query/syntax/escapes.h"

namespace segue::query::syntax {

std::string describe(const Token& token, std::string_view text) {
  if (token.kind == TokenKind::kEnd) return "the end of the query";
  constexpr std::size_t kLongest = 24;
  std::string shown;
  std::size_t at = token.range.begin;
  while (at < token.range.end && shown.size() < kLongest) {
    shown += is_character(text, at) ? text.substr(at, character_length(text, at)) : "\xef\xbf\xbd";
    at += character_length(text, at);
  }
  return "`" + shown + (at < token.range.end ? "...`" : "`");
}

std::string escape_hint(const Token& token, std::string_view text) {
  if (token.kind == TokenKind::kEnd) return "complete the query, or leave its last part out";
  const bool connective =
      token.kind == TokenKind::kAnd || token.kind == TokenKind::kOr || token.kind == TokenKind::kNot;
  const std::size_t length = connective ? token.range.end - token.range.begin : 1;
  return "write \\" + std::string(text.substr(token.range.begin, length)) + " to search for it";
}

}  // namespace segue::query::syntax
