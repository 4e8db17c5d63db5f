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

struct SuggestOptions {
  std::string store;
  std::string prefix;
  std::string ctx;
  std::string filter;
  std::string kind;
  std::string user;
  MomentOptions moment;
  std::size_t size = 10;
  std::size_t offset = 0;
};

void suggest(const SuggestOptions& options, Console& console) {
  plugin::Request request;
  request.suggest = options.prefix;
  request.search.size = options.size;
  request.search.offset = options.offset;
  request.search.filter = options.filter;
  request.search.kind = options.kind;
  request.user = options.user;
  set_moment(options.moment, request);
  if (!options.ctx.empty()) {
    request.ctx = read_session(options.ctx);
    request.has_ctx = true;
  }
  const auto plugin = open_store(options.store);
  const plugin::Answer answer = plugin->answer(request);
  if (console.json) console.out << plugin::to_json(answer) << '\n';
  print_diagnostics(console.err, console.err_style, options.prefix, answer.diagnostics);
  if (!answer.ok) throw Error(ErrorKind::kBadInput, "the request cannot be understood");
  if (!console.json) print_suggestions(console, answer);
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<SuggestOptions>();
  parser.add_option("PREFIX", options->prefix, "The letters typed so far; '' for none yet")->required();
  add_store_option(parser, options->store);
  parser.add_option("--ctx", options->ctx, "The session: a JSON array of events, oldest first, or @FILE")
      ->type_name("JSON");
  add_number_option(parser, "--size", options->size, "How many suggestions");
  add_number_option(parser, "--offset", options->offset, "How many suggestions to pass over first");
  parser.add_option("--filter", options->filter, "A query that the suggested item must match")
      ->type_name("QUERY");
  parser.add_option("--kind", options->kind, "Suggestions of this kind alone")->type_name("KIND");
  parser.add_option("--user", options->user, "Without --ctx: the newest session of this user in the store")
      ->type_name("ID");
  add_moment_options(parser, options->moment);
  return [options](Console& console) { suggest(*options, console); };
}

}  // namespace

Command suggest_command() {
  return {.name = "suggest",
          .summary = "Suggest what to type next",
          .example = "segue suggest --store shop.store --ctx '[{\"query\": \"lantern\"}]' whi",
          .declare = declare};
}

}  // namespace segue::integration
