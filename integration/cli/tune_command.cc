#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "index/input/text_file.h"
#include "index/input/time.h"
#include "index/reindex/tuner.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/sequence_options.h"
#include "integration/cli/terminal_progress.h"
#include "integration/cli/text_table.h"
#include "integration/cli/value_text.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

struct TuneOptions {
  index::TuneRequest request;
  std::string config;
  std::string output;
  std::string budget = "10m";
  std::vector<std::string> ranges;
  SequenceOptions sequences;
};

/// The trials of the highest rung that was reached, best first, then those below; of each rung at most a few.
std::vector<index::Trial> ranked(std::vector<index::Trial> trials) {
  std::stable_sort(trials.begin(), trials.end(), [](const index::Trial& a, const index::Trial& b) {
    return a.rung != b.rung ? a.rung > b.rung : a.ndcg > b.ndcg;
  });
  return trials;
}

nlohmann::ordered_json to_json(const index::Trial& trial) {
  return {{"trial", trial.number},   {"share", trial.share},     {"ndcg@10", trial.ndcg},
          {"hr@10", trial.hit_rate}, {"seconds", trial.seconds}, {"values", trial.values}};
}

void print_report(Console& console, const index::TuneReport& report, const TuneOptions& options) {
  std::set<std::string> keys;
  for (const index::SearchRange& range : options.request.ranges) keys.insert(range.key);
  std::vector<TextTable::Column> columns = {{"trial", TextTable::Align::kRight},
                                            {"data", TextTable::Align::kRight},
                                            {"NDCG@10", TextTable::Align::kRight},
                                            {"HR@10", TextTable::Align::kRight},
                                            {"time", TextTable::Align::kRight}};
  for (const std::string& key : keys) columns.push_back({key, TextTable::Align::kRight});
  TextTable table(std::move(columns));
  for (const index::Trial& trial : ranked(report.trials)) {
    std::vector<std::string> row = {trial.number == 0 ? "as configured" : std::to_string(trial.number),
                                    fixed_number(100 * trial.share, 0) + " %", fixed_number(trial.ndcg, 4),
                                    fixed_number(trial.hit_rate, 4), fixed_number(trial.seconds, 1) + " s"};
    for (const std::string& key : keys) {
      const auto found = trial.values.find(key);
      row.push_back(found == trial.values.end() ? "" : found->second);
    }
    table.add_row(row);
  }
  table.print(console.out, console.out_style, 2);
  console.out << "\nBest: ";
  if (report.best.number == 0) {
    console.out << "the configuration as it was; no point of the ranges was better.\n";
  } else {
    console.out << "trial " << report.best.number << ", NDCG@10 " << fixed_number(report.best.ndcg, 4)
                << " against " << fixed_number(report.base.ndcg, 4) << " as configured, on " << report.events
                << " held-back sequences.\n";
  }
  console.out << "Written to " << options.output << "; use it with `segue reindex --config " << options.output
              << "`.\n";
}

void tune_models(TuneOptions options, Console& console) {
  index::TuneRequest& request = options.request;
  if (request.data.events.empty())
    throw Error(ErrorKind::kUsage, "there is nothing to learn from", {}, "give --events");
  if (request.trials.empty()) request.trials = options.output + ".trials.jsonl";
  require_distinct_files({{"--items", request.data.items},
                          {"--events", request.data.events},
                          {"--config", options.config},
                          {"--output", options.output, true},
                          {"--trials", request.trials, true}});
  const auto budget = index::parse_duration(options.budget);
  if (!budget || *budget <= 0) {
    throw Error(ErrorKind::kUsage, "`" + options.budget + "` is no time", "--budget",
                "write \"10m\" or \"2h\"");
  }
  request.halving.budget_seconds = *budget;
  request.halving.seed = request.data.seed;
  if (!options.config.empty()) request.data.config = index::load_config(options.config);
  options.sequences.apply(request.data.config.events);
  for (const std::string& range : options.ranges) request.ranges.push_back(index::parse_search_range(range));
  if (request.ranges.empty()) request.ranges = index::usual_ranges(request.data.models);
  if (request.ranges.empty())
    throw Error(ErrorKind::kUsage, "no ranges are known for these models", "--models", "give --range");

  index::TuneReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = index::tune(request, progress);
  }
  index::TextWriter writer(options.output);
  writer.write(index::to_toml(report.config));
  writer.finish();
  for (const std::string& warning : report.warnings) warn(console, warning);
  if (!console.json) return print_report(console, report, options);
  nlohmann::ordered_json object = {{"best", to_json(report.best)},
                                   {"base", to_json(report.base)},
                                   {"events", report.events},
                                   {"output", options.output}};
  for (const index::Trial& trial : report.trials) object["trials"].push_back(to_json(trial));
  print_json(console, object);
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<TuneOptions>();
  index::TuneRequest& request = options->request;
  parser
      .add_option("--items", request.data.items,
                  "items.jsonl; without it the ids of the events are the items")
      ->type_name("FILE");
  parser.add_option("--events", request.data.events, "events.jsonl")->required()->type_name("FILE");
  parser.add_option("--output", options->output, "The configuration to write: the best that was found")
      ->required()
      ->type_name("FILE.toml");
  parser.add_option("--config", options->config, "TOML that the search begins with")->type_name("FILE");
  parser
      .add_option("--range", options->ranges,
                  "What to try: mf.factors=32,64,128 or transformer.dropout=0.2..0.5 or "
                  "mf.ridge=0.001..0.1:log; may be "
                  "given again; by default the usual ones of --models")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUES");
  parser.add_option("--models", request.data.models, "Models to train, as for `segue reindex`")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  parser.add_option("--model", request.model, "Whose NDCG@10 decides: one of the models, or blend")
      ->capture_default_str()
      ->type_name("NAME");
  parser
      .add_option("--budget", options->budget,
                  "Time for all trials together, earlier runs of the search included")
      ->capture_default_str()
      ->type_name("TIME");
  parser
      .add_option(
          "--trials", request.trials,
          "Where trials are kept: the same command goes on from there; by default OUTPUT.trials.jsonl")
      ->type_name("FILE");
  add_number_option(parser, "--rungs", request.halving.rungs, "Steps of data: 1/9, 1/3 and all of it with 3");
  add_seed_option(parser, request.data.seed, "The same seed draws the same points");
  add_threads_option(parser, request.data.threads);
  add_sequence_options(parser, options->sequences, "by default as the configuration says");
  add_skip_invalid_option(parser, request.data.skip_invalid);
  return [options](Console& console) { tune_models(*options, console); };
}

}  // namespace

Command tune_command() {
  return {
      .name = "tune",
      .summary = "Look for better constants of the models within a budget of time",
      .example = "segue tune --events events.jsonl --models mf --model mf --budget 10m --output tuned.toml",
      .declare = declare};
}

}  // namespace segue::integration
