#include "integration/cli/session_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "index/input/time.h"
#include "kernels/error.h"
#include "plugin/request_json.h"

namespace segue::integration {

std::vector<index::Event> read_session(std::string_view value) {
  if (!value.starts_with('@')) return plugin::parse_session(value, "--ctx");
  const std::string file(value.substr(1));
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw Error(ErrorKind::kBadInput, "cannot be read", file,
                "--ctx @FILE needs a file that holds a JSON array of events");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return plugin::parse_session(text, file);
}

void add_moment_options(CLI::App& parser, MomentOptions& options) {
  parser
      .add_option("--context", options.context,
                  "What is known of the moment, as events have it: an object such as {\"device\": \"phone\"}")
      ->type_name("JSON");
  parser
      .add_option(
          "--time", options.time,
          "The time of the request, for stores that know hour or weekday: ISO 8601 or seconds since 1970")
      ->type_name("TIME");
}

void set_moment(const MomentOptions& options, plugin::Request& request) {
  if (!options.context.empty()) request.context = plugin::parse_context(options.context, "--context");
  if (options.time.empty()) return;
  request.time = index::parse_time(options.time);
  if (!request.time) request.time = index::parse_time(options.time, "%s");
  if (!request.time)
    throw Error(ErrorKind::kBadInput, "`" + options.time + "` is no time", "--time",
                "write for example 2026-03-01T12:00:00Z, or seconds since 1970");
}

void add_param(query::Params& params, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw Error(ErrorKind::kUsage, "`" + std::string(assignment) + "` is no NAME=VALUE", "--param",
                "write for example --param q='white lantern'");
  }
  const std::string name(assignment.substr(0, equals));
  const std::string where = "--param " + name;
  if (!params.emplace(name, plugin::parse_param(assignment.substr(equals + 1), where)).second)
    throw Error(ErrorKind::kUsage, "`" + name + "` has a value already", "--param",
                "give each name once (--ctx is `ctx`)");
}

}  // namespace segue::integration
