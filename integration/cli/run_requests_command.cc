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

constexpr const char* kStandardOutput = "-";

struct RunOptions {
  std::string store;
  RunRequest request;
};

/// The report, on out or, where that holds the run, on err.
void print_report(Console& console, const RunOptions& options, const RunReport& report,
                  const std::string& snapshot) {
  for (const RunWarning& warning : report.warnings) {
    warn(console, counted(warning.requests, "request", "requests") + ", such as `" + warning.example +
                      "`: " + warning.message);
  }
  const std::string output = options.request.output.string();
  if (console.json) {
    nlohmann::ordered_json warnings = nlohmann::ordered_json::array();
    for (const RunWarning& warning : report.warnings) {
      warnings.push_back(
          {{"message", warning.message}, {"requests", warning.requests}, {"example", warning.example}});
    }
    print_json(console, nlohmann::ordered_json{{"requests", report.requests},
                                               {"failed", report.failed},
                                               {"hits", report.hits},
                                               {"warnings", warnings},
                                               {"seconds", report.seconds},
                                               {"snapshot", snapshot},
                                               {"output", output}});
    return;
  }
  std::ostream& out = output == kStandardOutput ? console.err : console.out;
  out << counted(report.requests - report.failed, "request", "requests") << " answered in "
      << duration(report.seconds) << ", " << counted(report.hits, "hit", "hits")
      << (output == kStandardOutput ? "" : " in " + output) << '\n';
}

void run(const RunOptions& options, Console& console) {
  require_distinct_files(
      {{"--requests", options.request.requests}, {"--output", options.request.output, true}});
  RunRequest request = options.request;
  if (request.output == kStandardOutput) {
    if (console.json) {
      throw Error(ErrorKind::kUsage, "--output - and --json both write to standard output", {},
                  "give the run a file");
    }
    request.stream = &console.out;
  }
  const auto plugin = open_store(options.store);
  RunReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = run_requests(
        *plugin, request, [&](const std::string& text) { progress.message("segue: " + text); }, progress);
  }
  print_report(console, options, report, plugin->acquire()->snapshot->id());
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
  parser
      .add_option("--output", request.output,
                  "Where the run goes: `request Q0 item rank score segue`; - for standard output")
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
