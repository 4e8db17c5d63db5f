#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
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
#include "integration/cli/tune_view.h"
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

void tune_models(TuneOptions options, Console& console) {
  index::TuneRequest& request = options.request;
  if (request.data.events.empty())
    throw Error(ErrorKind::kUsage, "there is nothing to learn from", {}, "give --events");
  if (request.trials.empty()) request.trials = options.output + ".trials.jsonl";
  require_distinct_files({{"--items", request.data.items},
                          {"--events", request.data.events},
                          {"--import-vectors", request.data.import_vectors},
                          {"--config", options.config},
                          {"--output", options.output, true},
                          {"--trials", request.trials, true}});
  const auto budget = index::parse_duration(options.budget);
  if (!budget || *budget <= 0) {
    throw Error(ErrorKind::kUsage, "`" + options.budget + "` is no time", "--budget",
                "write whole numbers with a unit, such as \"90s\", \"10m\" or \"2h\"");
  }
  request.halving.budget_seconds = *budget;
  request.halving.seed = request.data.seed;
  if (!options.config.empty()) request.data.config = index::load_config(options.config);
  options.sequences.apply(request.data.config.events);
  for (const std::string& range : options.ranges) request.ranges.push_back(index::parse_search_range(range));
  if (request.ranges.empty()) request.ranges = index::usual_ranges(request.data.models);
  if (request.ranges.empty())
    throw Error(ErrorKind::kUsage, "no ranges are known for these models", "--models", "give --range");

  // Before the search: a folder that is missing is told now, not hours later.
  index::TextWriter writer(options.output);
  index::TuneReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = index::tune(request, progress);
  }
  const TuneFiles files{options.output, request.trials};
  writer.write(index::to_toml(report.config));
  writer.finish();
  for (const std::string& warning : report.warnings) warn(console, warning);
  if (console.json) {
    print_json(console, to_json(report, files));
  } else {
    print_tune_report(console, report, files);
  }
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<TuneOptions>();
  index::TuneRequest& request = options->request;
  parser
      .add_option("--items", request.data.items,
                  "items.jsonl; without it the ids of the events are the items")
      ->type_name("FILE");
  parser.add_option("--events", request.data.events, "events.jsonl")->required()->type_name("FILE");
  parser
      .add_option("--import-vectors", request.data.import_vectors,
                  "Vectors of items in safetensors, as for `segue reindex`")
      ->type_name("FILE");
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
  parser
      .add_option("--model", request.model,
                  "Whose NDCG@10 decides: one model of --models but rating, or blend")
      ->capture_default_str()
      ->type_name("NAME");
  parser
      .add_option(
          "--budget", options->budget,
          "Time for all trials together, earlier runs of the search included: 90s, 30m, 2h or 1h30m; a "
          "number alone is seconds")
      ->capture_default_str()
      ->type_name("TIME");
  parser
      .add_option(
          "--trials", request.trials,
          "Where trials are kept: the same command goes on from there; by default OUTPUT.trials.jsonl")
      ->type_name("FILE");
  add_number_option(parser, "--rungs", request.halving.rungs, "Steps of data: 1/9, 1/3 and all of it with 3",
                    {1, 10});
  add_seed_option(parser, request.data.seed, "The same seed draws the same points");
  add_threads_option(parser, request.data.threads);
  add_sequence_options(parser, options->sequences, "by default as the configuration says");
  add_skip_invalid_option(parser, request.data.skip_invalid);
  parser.add_flag("--last-wins", request.data.last_wins,
                  "A later line with the same id replaces the earlier one");
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
