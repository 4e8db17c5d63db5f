#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "index/event.h"
#include "query/params.h"

namespace segue::integration {

/// The value of --ctx: JSON, or @FILE that holds it. Throws Error (kBadInput).
std::vector<index::Event> read_session(std::string_view value);

/// Adds what --param NAME=VALUE says. Throws Error: kUsage without a name or for one given twice, kBadInput
/// for a value that is neither text nor a vector nor a session.
void add_param(query::Params& params, std::string_view assignment);

}  // namespace segue::integration
