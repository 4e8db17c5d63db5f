#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <ostream>

#include "integration/cli/answer_view.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/diagnostics_view.h"
#include "integration/cli/session_options.h"
#include "kernels/error.h"
#include "plugin/request_json.h"

namespace segue::integration {
namespace {

struct SearchOptions {
  std::string store;
  std::string query;
  std::string ctx;
  std::vector<std::string> params;
  std::string filter;
  std::string mode = "lenient";
  std::string kind;
  std::string user;
  MomentOptions moment;
  std::vector<std::string> sort;
  std::vector<std::string> facets;
  std::vector<std::string> fields;
  std::size_t size = 10;
  std::size_t offset = 0;
  bool explain = false;
};

plugin::Request request_of(const SearchOptions& options) {
  plugin::Request request;
  request.search.query = options.query;
  request.search.filter = options.filter;
  request.search.mode = options.mode == "strict" ? query::TextMode::kStrict : query::TextMode::kLenient;
  request.search.kind = options.kind;
  request.search.size = options.size;
  request.search.offset = options.offset;
  request.search.sort = options.sort;
  request.search.facets = options.facets;
  request.search.explain = options.explain;
  request.fields = options.fields;
  request.user = options.user;
  set_moment(options.moment, request);
  if (!options.ctx.empty()) request.search.params["ctx"] = read_session(options.ctx);
  for (const std::string& param : options.params) add_param(request.search.params, param);
  return request;
}

void search(const SearchOptions& options, Console& console) {
  const plugin::Request request = request_of(options);  // before the store opens: mistakes show at once
  const auto plugin = open_store(options.store);
  const plugin::Answer answer = plugin->answer(request);
  if (console.json) console.out << plugin::to_json(answer) << '\n';
  print_diagnostics(console.err, console.err_style, options.query, answer.diagnostics);
  if (!answer.ok) throw Error(ErrorKind::kBadInput, "the query cannot be understood");
  if (!console.json) print_hits(console, answer);
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<SearchOptions>();
  parser.add_option("QUERY", options->query, "The query, in the extended syntax of docs/query-language.md")
      ->required();
  add_store_option(parser, options->store);
  parser
      .add_option("--ctx", options->ctx,
                  "The session, $ctx in the query: a JSON array of events, oldest first, or @FILE")
      ->type_name("JSON");
  parser
      .add_option("--param", options->params,
                  "A value for $name in the query: text, a number, a JSON array; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add_number_option(parser, "--size", options->size, "How many hits");
  add_number_option(parser, "--offset", options->offset, "How many hits to pass over first");
  parser
      .add_option("--mode", options->mode,
                  "How the text of $name is read: plain words, or classic syntax without operators")
      ->check(CLI::IsMember({"lenient", "strict"}))
      ->capture_default_str()
      ->type_name("lenient|strict");
  parser.add_option("--filter", options->filter, "A query that every hit must match")->type_name("QUERY");
  parser.add_option("--kind", options->kind, "Hits of this kind alone")->type_name("KIND");
  parser.add_option("--user", options->user, "Without --ctx: the newest session of this user in the store")
      ->type_name("ID");
  add_moment_options(parser, options->moment);
  parser
      .add_option("--sort", options->sort, "Sort by these attributes instead of the score; -NAME for falling")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  parser.add_option("--facets", options->facets, "Count the values of these attributes over all that match")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  parser
      .add_option("--fields", options->fields, "Show title, text or these attributes of each hit; * for all")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  parser.add_flag("--explain", options->explain, "Show what moved each hit");
  return [options](Console& console) { search(*options, console); };
}

}  // namespace

Command search_command() {
  return {
      .name = "search",
      .summary = "Search a store, with or without a session",
      .example =
          "segue search --store shop.store --ctx '[{\"item\": \"85123A\"}]' 'lantern {!session ctx=$ctx}'",
      .declare = declare};
}

}  // namespace segue::integration
