#pragma once

#include <vector>

#include "index/text/text_index.h"
#include "query/syntax/ast.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// Clauses that can never match in this index: an unknown field is a warning, since another snapshot may have
/// it; a value or a pattern that does not fit the field's type is an error. Bodies of operators are trees of
/// their own and are not looked into.
std::vector<syntax::Diagnostic> check_fields(const syntax::Node& tree, const index::TextIndex& index);

}  // namespace segue::query
