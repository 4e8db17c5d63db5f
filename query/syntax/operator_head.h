#pragma once

#include <cstddef>
#include <string_view>

#include "query/syntax/ast.h"
#include "query/syntax/diagnostics.h"

namespace segue::query::syntax {

struct OperatorHead {
  Operator value;       ///< name and arguments; bodies are the parser's work
  std::size_t end = 0;  ///< behind the closing brace, or the end of the text
};

/// Reads {!name key=value ...}, whose brace stands at text[open].
OperatorHead read_operator_head(std::string_view text, std::size_t open, Diagnostics& diagnostics);

/// Whether a value can be written without quotes.
bool is_bare_value(std::string_view text);

}  // namespace segue::query::syntax
