#pragma once

#include <cstddef>
#include <vector>

#include "query/limits.h"
#include "query/params.h"
#include "query/syntax/ast.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// How the text of a $name clause is read.
enum class TextMode {
  kLenient,  ///< plain words joined by OR; a part in double quotes is a phrase; no other character is syntax
  kStrict,   ///< classic syntax without operators; its faults are errors at the place of the $name
};

/// Replaces every $name clause of the tree, also inside the bodies of operators, by the value that is bound
/// to it: text by the mode, so that no value can add an operator; a number or truth value becomes a term. An
/// unbound name, a vector or a session is an error with its position. Lenient text beyond the limit is cut at
/// a character, with a warning. Arguments of operators (key=$name) are left to resolve_arguments.
syntax::Node bind_params(syntax::Node tree, const Params& params, const Limits& limits,
                         std::vector<syntax::Diagnostic>& diagnostics, TextMode mode = TextMode::kLenient);

}  // namespace segue::query
