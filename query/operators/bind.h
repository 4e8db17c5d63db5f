#pragma once

#include <cstddef>
#include <vector>

#include "query/limits.h"
#include "query/params.h"
#include "query/syntax/ast.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// Replaces every $name clause of the tree, also inside the bodies of operators, by the value that is bound
/// to it: text becomes plain words (Words), so that no value can add syntax; a number or truth value becomes
/// a term. An unbound name, a vector or a session is an error with its position. Text beyond the limit is cut
/// at a character, with a warning. Arguments of operators (key=$name) are left to resolve_arguments.
syntax::Node bind_params(syntax::Node tree, const Params& params, const Limits& limits,
                         std::vector<syntax::Diagnostic>& diagnostics);

}  // namespace segue::query
