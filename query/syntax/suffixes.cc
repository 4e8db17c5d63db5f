#include "query/syntax/suffixes.h"

#include <cmath>

namespace segue::query::syntax {
namespace {

void take_boost(const Token& token, Suffixes& found, Diagnostics& diagnostics) {
  if (found.boost) {
    diagnostics.error(token.range, "expected one boost, found a second", "leave one out");
  } else if (!token.number) {
    diagnostics.error(token.range, "expected a number right after ^",
                      "write ^2 or ^0.5 without a blank or a sign, or \\^ for the character");
  } else if (!std::isfinite(*token.number)) {
    diagnostics.error(token.range, "the boost is out of range", "write a smaller number");
  } else {
    found.boost = *token.number;
  }
}

}  // namespace

Suffixes read_suffixes(TokenCursor& tokens, Tail tail, Diagnostics& diagnostics) {
  Suffixes found;
  bool tilde_since_boost = false;
  for (; tokens.at(TokenKind::kTilde) || tokens.at(TokenKind::kBoost); tokens.advance()) {
    const Token& token = tokens.current();
    if (token.kind == TokenKind::kBoost) {
      take_boost(token, found, diagnostics);
      tilde_since_boost = false;
    } else if (tail == Tail::kOther) {
      diagnostics.error(token.range, "~ follows a term or a phrase only", "leave it out, or write \\~");
    } else if (tilde_since_boost || (tail == Tail::kPhrase && found.tilde)) {
      diagnostics.error(token.range, "expected one ~, found a second", "leave one out");
    } else {
      if (tail == Tail::kPhrase && found.boost) {
        diagnostics.error(token.range, "the slop of a phrase stands before its boost", "write \"...\"~3^2");
      }
      found.tilde = token;
      tilde_since_boost = true;
    }
  }
  return found;
}

}  // namespace segue::query::syntax
