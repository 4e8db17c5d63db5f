#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/sequence_options.h"
#include "integration/cli/terminal_progress.h"
#include "integration/cli/text_table.h"
#include "integration/jobs/evaluate_job.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

struct EvaluateOptions {
  std::string store;
  std::string protocol;
  std::string metrics = "hr@10,ndcg@10,mrr@20,recall@100,coverage";
  SequenceOptions sequences;
  EvaluateRequest request;
};

Protocol protocol_of(const std::string& name) {
  if (name == "rating") {
    throw Error(ErrorKind::kBadInput, "this store has no rating model, so ratings cannot be predicted",
                "--protocol rating", "evaluate rankings with leave-one-out or next-event");
  }
  if (name == "next-event") return Protocol::kNextEvent;
  return name == "cold-items" ? Protocol::kColdItems : Protocol::kLeaveOneOut;
}

void print_report(Console& console, const EvaluateOptions& options, const EvaluateReport& report) {
  const EvaluateRequest& request = options.request;
  if (console.json) {
    nlohmann::ordered_json object = {
        {"protocol", options.protocol}, {"model", request.model}, {"events", report.events}};
    for (const auto& [name, value] : report.metrics) object[name] = value;
    if (request.negatives > 0) object["negatives"] = request.negatives;
    object["seen"] = report.seen;
    object["snapshot"] = report.snapshot;
    print_json(console, object);
    return;
  }
  TextTable table({{"metric"}, {request.model, TextTable::Align::kRight}});
  for (const auto& [name, value] : report.metrics) table.add_row({name, fixed_number(value, 4)});
  table.print(console.out, console.out_style);
  const std::string against =
      request.negatives > 0 ? counted(request.negatives, "drawn item", "drawn items") + " and the target"
                            : "all items";
  console.out << paint(console.out_style, Ink::kDim,
                       options.protocol + ", " + counted(report.events, "event", "events") +
                           ", ranked among " + against + ", seen items: " + report.seen + "; snapshot " +
                           report.snapshot)
              << '\n';
}

void evaluate_store(const EvaluateOptions& options, Console& console) {
  EvaluateRequest request = options.request;
  request.protocol = protocol_of(options.protocol);
  request.sequence = options.sequences.sequence;
  request.session_gap = options.sequences.session_gap;
  request.metrics = index::parse_ranking_metrics(options.metrics);
  const auto plugin = open_store(options.store);
  EvaluateReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = evaluate(*plugin->acquire()->snapshot, index::SnapshotStore(options.store), request, progress);
  }
  for (const std::string& warning : report.warnings) warn(console, warning);
  print_report(console, options, report);
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<EvaluateOptions>();
  EvaluateRequest& request = options->request;
  add_store_option(parser, options->store);
  parser.add_option("--events", request.events, "What to predict: TEST of `segue split`, or a whole log")
      ->required()
      ->type_name("FILE");
  parser
      .add_option("--protocol", options->protocol,
                  "leave-one-out: the last event of each sequence; next-event: every event but the first; "
                  "cold-items: "
                  "events on items that training did not see")
      ->required()
      ->check(CLI::IsMember({"leave-one-out", "next-event", "cold-items", "rating"}))
      ->type_name("NAME");
  parser.add_option("--metrics", options->metrics, "What to measure, separated by commas")
      ->capture_default_str()
      ->type_name("LIST");
  parser.add_option("--model", request.model, "blend, transformer, mf, transitions or popularity")
      ->capture_default_str()
      ->type_name("NAME");
  add_number_option(parser, "--negatives", request.negatives,
                    "Rank among N drawn items only, instead of all");
  add_seed_option(parser, request.seed, "Seed of that draw");
  add_sequence_options(parser, options->sequences, "by default as the store was made");
  add_skip_invalid_option(parser, request.skip_invalid);
  add_threads_option(parser, request.threads);
  return [options](Console& console) { evaluate_store(*options, console); };
}

}  // namespace

Command evaluate_command() {
  return {.name = "evaluate",
          .summary = "Measure a store's models on events that they have not seen",
          .example = "segue evaluate --store shop.store --events test.jsonl --protocol leave-one-out",
          .declare = declare};
}

}  // namespace segue::integration
