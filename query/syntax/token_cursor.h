#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "query/syntax/lexer.h"

namespace segue::query::syntax {

/// The token that the parser stands at, and where the one before it ended: a body of an operator begins right
/// there.
class TokenCursor {
 public:
  TokenCursor(std::string_view text, bool parameters) : lexer_(text, parameters) { current_ = lexer_.next(); }

  const Token& current() const { return current_; }
  bool at(TokenKind kind) const { return current_.kind == kind; }
  bool at_colon() const { return lexer_.at_colon(); }  ///< whether a colon follows the current token
  std::size_t end() const { return end_; }             ///< behind the last token that was taken

  void advance() {
    end_ = current_.range.end;
    current_ = lexer_.next();
  }
  /// Goes on at a position that another reader has come to.
  void resume_at(std::size_t position) {
    lexer_.seek(position);
    current_ = lexer_.next();
    end_ = position;
  }

 private:
  Lexer lexer_;
  Token current_;
  std::size_t end_ = 0;
};

/// How a token is named in a message.
std::string describe(const Token& token, std::string_view text);

/// How to search for the characters of a token that stands where it means nothing.
std::string escape_hint(const Token& token, std::string_view text);

}  // namespace segue::query::syntax
