#pragma once

#include <optional>

#include "query/syntax/diagnostics.h"
#include "query/syntax/token_cursor.h"

namespace segue::query::syntax {

/// What may follow an expression: word~0.7^2~0.7 (the last ~ counts, as in Lucene), "phrase"~3^2, anything
/// else^2.
enum class Tail { kWord, kPhrase, kOther };

struct Suffixes {
  std::optional<Token> tilde;
  std::optional<double> boost;
};

/// Takes every ~ and ^ at the cursor, and reports those that do not belong there.
Suffixes read_suffixes(TokenCursor& tokens, Tail tail, Diagnostics& diagnostics);

}  // namespace segue::query::syntax
