#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "query/syntax/ast.h"

namespace segue::query::syntax {

/// Something about a query text that its writer should know.
struct Diagnostic {
  enum class Severity { kWarning, kError };
  Severity severity = Severity::kError;
  TextRange range;          ///< in the text that was parsed
  std::string message;      ///< what was found and what was expected
  std::string suggestion;   ///< how to mend it; may be empty
  std::string source = {};  ///< what the range is in; empty: the query, else "filter", "$q", "ctx"

  friend bool operator==(const Diagnostic& a, const Diagnostic& b) {
    return a.severity == b.severity && a.range.begin == b.range.begin && a.range.end == b.range.end &&
           a.message == b.message && a.suggestion == b.suggestion && a.source == b.source;
  }
};

/// What a parser accepts; beyond it the query is an error, never a crash.
struct ParseLimits {
  std::size_t bytes = std::size_t{64} * 1024;
  std::size_t clauses = 1024;
  std::size_t depth = 32;
  bool operators = true;  ///< false: {! ...} is an error; for classic text that end users type (mode=strict)
};

struct ParseResult {
  Node tree;  ///< always a tree; of a text with errors, what could be understood
  std::vector<Diagnostic> diagnostics;
  bool ok() const;  ///< no diagnostic is an error
};

/// Parses the extended syntax (grammar.h). Total: never throws on any bytes, and takes time linear in their
/// number. Thread-safe. Names of operators and their keys are not checked here: the planner knows them.
ParseResult parse(std::string_view text, const ParseLimits& limits = {});

/// An error for each run of bytes that is not UTF-8; empty for a good text.
std::vector<Diagnostic> check_text(std::string_view text);

/// The canonical text of a tree: parse(print(t)) == t for every tree that parse can give.
std::string print(const Node& node);

}  // namespace segue::query::syntax
