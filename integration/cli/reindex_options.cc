#include "integration/cli/reindex_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <ostream>

#include "integration/cli/command_options.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/reindex_view.h"
#include "integration/cli/terminal_progress.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

kernels::Device device_of(const std::string& name) {
  if (name == "cpu") return kernels::Device::kCpu;
  return name == "cuda" ? kernels::Device::kCuda : kernels::Device::kAuto;
}

}  // namespace

void add_reindex_options(CLI::App& parser, ReindexOptions& options) {
  index::ReindexRequest& request = options.request;
  parser.add_option("--items", request.items, "items.jsonl; without it the ids of the events are the items")
      ->type_name("FILE");
  parser
      .add_option("--events", request.events, "events.jsonl; without it text, vectors and suggestions alone")
      ->type_name("FILE");
  parser.add_option("--store", request.store, "The folder to publish to; made where there is none")
      ->required()
      ->type_name("DIR");
  parser
      .add_option(
          "--import", request.import_weights,
          "Weights of a Transformer in safetensors: the start of its training, or with epochs = 0 the model")
      ->type_name("FILE");
  parser
      .add_option("--import-vectors", request.import_vectors,
                  "Vectors of items in safetensors, for items that bring none: searched as f=content")
      ->type_name("FILE");
  parser.add_option("--config", options.config, "TOML; `segue config --defaults` prints every key")
      ->type_name("FILE");
  parser
      .add_option(
          "--models", request.models,
          "mf, transformer, transitions, rating, neighbours, content; by default all that the data allows")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME,...");
  parser.add_option("--device", options.device, "Where to train")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str()
      ->type_name("auto|cpu|cuda");
  add_seed_option(parser, request.seed, "The same seed, input, threads and device give the same models");
  add_threads_option(parser, request.threads);
  add_sequence_options(parser, options.sequences, "by default as the configuration says");
  add_skip_invalid_option(parser, request.skip_invalid);
  parser.add_flag("--last-wins", request.last_wins, "A later line with the same id replaces the earlier one");
  parser
      .add_option("--checkpoint", request.checkpoints,
                  "A folder in which training writes where it is; the same command goes on from there")
      ->type_name("DIR");
  parser.add_option("--plot", request.plot, "Draw the learning curves as SVG")->type_name("FILE.svg");
  parser.add_flag("--dry-run", request.dry_run, "Validate and estimate time and memory; write nothing");
  parser.add_flag("--force", request.force, "Publish even when the gate refuses");
}

void check_reindex_options(const ReindexOptions& options) {
  const index::ReindexRequest& request = options.request;
  if (request.items.empty() && request.events.empty())
    throw Error(ErrorKind::kUsage, "there is nothing to index", {}, "give --items, --events or both");
  if (!request.plot.empty()) require_svg("--plot", request.plot);
  require_folder(request.store);
  if (!request.checkpoints.empty()) require_folder(request.checkpoints);
  require_distinct_files({{"--items", request.items},
                          {"--events", request.events},
                          {"--config", options.config},
                          {"--plot", request.plot, true}});
}

void publish_reindex(const ReindexOptions& options, Console& console) {
  index::ReindexRequest request = options.request;
  options.sequences.apply(request.config.events);
  request.device = device_of(options.device);
  index::ReindexReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    report = index::reindex(request, progress);
  }
  if (console.json) {
    for (const std::string& warning : report.warnings) warn(console, warning);
    print_json(console, to_json(report));
    return;
  }
  print_reindex_report(console, report);
  if (!report.snapshot.empty()) print_next_steps(console, request.store);
}

}  // namespace segue::integration
