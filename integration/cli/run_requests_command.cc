#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/terminal_progress.h"
#include "integration/jobs/run_job.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

struct RunOptions {
  std::string store;
  RunRequest request;
};

void run(const RunOptions& options, Console& console) {
  require_distinct_files(
      {{"--requests", options.request.requests}, {"--output", options.request.output, true}});
  const auto plugin = open_store(options.store);
  RunReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = run_requests(
        *plugin, options.request, [&](const std::string& text) { progress.message("segue: " + text); },
        progress);
  }
  if (console.json) {
    print_json(console, nlohmann::ordered_json{{"requests", report.requests},
                                               {"failed", report.failed},
                                               {"hits", report.hits},
                                               {"seconds", report.seconds},
                                               {"snapshot", plugin->acquire()->snapshot->id()},
                                               {"output", options.request.output.string()}});
  } else {
    console.out << counted(report.requests - report.failed, "request", "requests") << " answered in "
                << duration(report.seconds) << ", " << counted(report.hits, "hit", "hits") << " in "
                << options.request.output.string() << '\n';
  }
  if (report.failed > 0) {
    throw Error(ErrorKind::kBadInput,
                grouped(report.failed) + " of " + counted(report.requests, "request", "requests") + " failed",
                options.request.requests.string(), "the reasons stand above; the others are in the output");
  }
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<RunOptions>();
  RunRequest& request = options->request;
  add_store_option(parser, options->store);
  parser.add_option("--requests", request.requests, "One request a line as JSON; .gz as well")
      ->required()
      ->type_name("FILE");
  parser.add_option("--output", request.output, "Where the run goes: `request Q0 item rank score segue`")
      ->required()
      ->type_name("FILE");
  add_threads_option(parser, request.threads);
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command run_requests_command() {
  return {.name = "run",
          .summary = "Answer a file of requests and write a TREC run",
          .example = "segue run --store shop.store --requests requests.jsonl --output shop.run",
          .declare = declare};
}

}  // namespace segue::integration
