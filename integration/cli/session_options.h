#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "index/event.h"
#include "plugin/request.h"
#include "query/params.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// The value of --ctx: JSON, or @FILE that holds it. Throws Error (kBadInput).
std::vector<index::Event> read_session(std::string_view value);

/// What is known of the moment of a request: --context JSON and --time T, empty where they are not given.
struct MomentOptions {
  std::string context;
  std::string time;
};
void add_moment_options(CLI::App& parser, MomentOptions& options);
/// Throws Error (kBadInput).
void set_moment(const MomentOptions& options, plugin::Request& request);

/// Adds what --param NAME=VALUE says. Throws Error: kUsage without a name or for one given twice, kBadInput
/// for a value that is neither text nor a vector nor a session.
void add_param(query::Params& params, std::string_view assignment);

}  // namespace segue::integration
