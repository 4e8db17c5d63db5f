#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "query/syntax/ast.h"

namespace segue::query::syntax {

enum class TokenKind {
  kEnd,
  kAnd,
  kOr,
  kNot,
  kPlus,
  kMinus,
  kOpen,
  kClose,
  kColon,
  kStar,  ///< an asterisk alone
  kTerm,
  kPrefix,  ///< term*; the range includes the asterisk
  kWildcard,
  kParam,           ///< $name
  kQuoted,          ///< the range includes the quotes
  kBoost,           ///< ^number
  kTilde,           ///< ~ or ~number
  kInclusiveRange,  ///< [ alone: what follows is read by ranges.h
  kExclusiveRange,  ///< { alone
  kOperator,        ///< {! alone: what follows is read by operator_head.h
  kStray,           ///< a character that begins nothing: ], } or a backslash at the end
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  TextRange range;
  std::optional<double> number;  ///< of ^ and ~: what stands behind it, if anything does
  bool closed = true;            ///< of a quoted text: false when the text ended before the second quote
};

/// End of a quoted text that begins with text[at]: behind the second quote, or the end of the text if there
/// is none.
struct QuotedEnd {
  std::size_t end = 0;
  bool closed = false;
};
QuotedEnd find_quoted_end(std::string_view text, std::size_t at);

/// First position from `at` on that is no white space.
std::size_t skip_space(std::string_view text, std::size_t at);

/// Cuts a text into tokens of the outermost level, one at a time; the longest token wins, as in Lucene 3.0.
/// What stands inside ranges and operators has rules of its own: their readers take over at position() and
/// seek() behind it.
class Lexer {
 public:
  /// parameters: whether $name is a token of its own or a term.
  Lexer(std::string_view text, bool parameters) : text_(text), parameters_(parameters) {}

  Token next();
  std::size_t position() const { return at_; }
  void seek(std::size_t position) { at_ = position; }
  /// Whether a colon comes next, behind white space or not.
  bool at_colon() const;

 private:
  Token word();
  Token quoted();
  Token with_number(TokenKind kind);
  Token take(TokenKind kind, std::size_t length);

  std::string_view text_;
  bool parameters_;
  std::size_t at_ = 0;
};

}  // namespace segue::query::syntax
