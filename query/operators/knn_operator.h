#pragma once

#include <optional>

#include "query/operators/operator_runner.h"
#include "query/operators/operator_table.h"

namespace segue::query {

/// {!knn}: the items nearest to an item or a vector (operator_table.h has its keys). Arguments are resolved;
/// the result is empty only after an error, which is in the diagnostics.
std::optional<RunLeg> run_knn(const syntax::Node& node, const Arguments& arguments, const RunContext& context,
                              std::size_t standard_top_k);

}  // namespace segue::query
