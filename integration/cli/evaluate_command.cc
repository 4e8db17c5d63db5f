#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/evaluate_view.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/sequence_options.h"
#include "integration/cli/terminal_progress.h"
#include "integration/cli/text_table.h"
#include "integration/jobs/evaluate_job.h"
#include "integration/jobs/rating_job.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

constexpr const char* kRankingMetrics = "hr@10,ndcg@10,mrr@20,recall@100,coverage";

struct EvaluateOptions {
  std::string store;
  std::string protocol;
  std::string metrics;  ///< empty: kRankingMetrics, or both of the protocol rating
  std::string models = "blend";
  std::string by;
  SequenceOptions sequences;
  EvaluateRequest request;
};

Protocol protocol_of(const std::string& name) {
  if (name == "next-event") return Protocol::kNextEvent;
  return name == "cold-items" ? Protocol::kColdItems : Protocol::kLeaveOneOut;
}

/// The parts of a list with commas, each once. Throws Error (kUsage) naming the option.
std::vector<std::string> parts_of(const std::string& list, const char* option) {
  std::vector<std::string> parts;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) {
    if (part.empty() || std::find(parts.begin(), parts.end(), part) != parts.end()) {
      throw Error(ErrorKind::kUsage, part.empty() ? "a name is empty" : "`" + part + "` is there twice",
                  option, "give each name once, separated by commas");
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<std::string> target_parts(const std::string& list) {
  std::vector<std::string> by = parts_of(list, "--by");
  for (const std::string& name : by) {
    if (name == "length" || name == "frequency") continue;
    throw Error(ErrorKind::kUsage, "targets are not parted by `" + name + "`", "--by",
                "there are length (of the session) and frequency (of the item)");
  }
  return by;
}

/// "rmse", "mae" or both, in the order asked for.
std::vector<std::string> rating_metrics(const std::string& list) {
  if (list.empty()) return {"rmse", "mae"};
  std::vector<std::string> metrics;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    if (part != "rmse" && part != "mae") {
      throw Error(ErrorKind::kUsage, "`" + part + "` is no metric of ratings", "--metrics",
                  "with --protocol rating there are rmse and mae");
    }
    metrics.push_back(part);
  }
  return metrics;
}

void evaluate_store_ratings(const EvaluateOptions& options, Console& console) {
  const std::vector<std::string> metrics = rating_metrics(options.metrics);
  const std::string& model = options.models;
  if (model != "blend" && model != "rating") {
    throw Error(ErrorKind::kUsage, "the model " + model + " predicts no ratings", "--model",
                "leave it out: the model is rating");
  }
  const auto plugin = open_store(options.store);
  RatingReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = evaluate_ratings(*plugin->acquire()->snapshot, index::SnapshotStore(options.store),
                              {options.request.events, options.request.skip_invalid}, progress);
  }
  for (const std::string& warning : report.warnings) warn(console, warning);
  const auto value_of = [&](const std::string& metric) { return metric == "mae" ? report.mae : report.rmse; };
  if (console.json) {
    nlohmann::ordered_json object = {{"protocol", "rating"}, {"model", "rating"}, {"events", report.events}};
    for (const std::string& metric : metrics) object[metric] = value_of(metric);
    print_json(console, object);
    return;
  }
  TextTable table({{"metric"}, {"rating", TextTable::Align::kRight}});
  for (const std::string& metric : metrics) table.add_row({metric, fixed_number(value_of(metric), 4)});
  table.print(console.out, console.out_style);
  console.out << paint(console.out_style, Ink::kDim,
                       "rating, " + counted(report.events, "event", "events") + ", " +
                           grouped(report.unknown_users) + " of them by unknown users, " +
                           grouped(report.unknown_items) + " on items without a rating; snapshot " +
                           report.snapshot)
              << '\n';
}

void evaluate_store(const EvaluateOptions& options, Console& console) {
  if (options.protocol == "rating") return evaluate_store_ratings(options, console);
  EvaluateRequest request = options.request;
  request.protocol = protocol_of(options.protocol);
  request.sequence = options.sequences.sequence;
  request.session_gap = options.sequences.session_gap;
  request.models = parts_of(options.models, "--model");
  if (request.models.empty()) throw Error(ErrorKind::kUsage, "no model is named", "--model");
  request.by = target_parts(options.by);
  request.metrics = index::parse_ranking_metrics(options.metrics.empty() ? kRankingMetrics : options.metrics);
  const auto plugin = open_store(options.store);
  EvaluateReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = evaluate(*plugin->acquire()->snapshot, index::SnapshotStore(options.store), request, progress);
  }
  for (const std::string& warning : report.warnings) warn(console, warning);
  if (console.json) {
    print_evaluation_json(console, options.protocol, request, report);
  } else {
    print_evaluation(console, options.protocol, request, report);
  }
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
                  "events on items that training did not see; rating: the rating of each event")
      ->required()
      ->check(CLI::IsMember({"leave-one-out", "next-event", "cold-items", "rating"}))
      ->type_name("NAME");
  parser
      .add_option("--metrics", options->metrics,
                  std::string("What to measure, separated by commas; by default ") + kRankingMetrics +
                      ", or rmse,mae of ratings")
      ->type_name("LIST");
  parser
      .add_option(
          "--model", options->models,
          "blend, transformer, mf, transitions, neighbours (the best of item-neighbours, user-neighbours, "
          "session-neighbours), one of these, content, rating, popularity or context-popularity; several, "
          "with commas, are compared with the first")
      ->capture_default_str()
      ->type_name("NAME");
  add_number_option(parser, "--negatives", request.negatives,
                    "Rank among N drawn items only, instead of all");
  parser
      .add_option("--by", options->by, "Part the targets by length (of the session), frequency (of the item)")
      ->type_name("LIST");
  add_number_option(parser, "--bootstrap", request.resamples,
                    "Resamples of the 95 % intervals over sequences; 0: none");
  add_seed_option(parser, request.seed, "Seed of these draws");
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
