#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "integration/cli/terminal_text.h"
#include "query/syntax/parser.h"

namespace segue::integration {

/// Shows diagnostics as people read them: for each its severity and message, the line of the query that it is
/// about, carets under its bytes, and how to mend it.
///
///     error: there is no operator `sesion`
///       lamp {!sesion ctx=$ctx}
///              ^~~~~~
///       did you mean `session`?
///
/// One about another text than the query names that text instead: "error (filter): ...".
void print_diagnostics(std::ostream& out, const TerminalStyle& style, std::string_view query,
                       std::span<const query::syntax::Diagnostic> diagnostics);

}  // namespace segue::integration
