#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "index/input/sessionise.h"
#include "index/input/split.h"
#include "index/input/time.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/sequence_options.h"
#include "integration/cli/terminal_progress.h"

namespace segue::integration {
namespace {

struct SplitArguments {
  index::SplitFiles files;
  std::string protocol;
  std::string moment;
  std::string config;
  SequenceOptions sequences;
  index::SplitOptions options;
};

index::SplitProtocol protocol_of(const std::string& name) {
  if (name == "time") return index::SplitProtocol::kTime;
  if (name == "rating") return index::SplitProtocol::kRating;
  return name == "cold-items" ? index::SplitProtocol::kColdItems : index::SplitProtocol::kLeaveOneOut;
}

void print_report(Console& console, const SplitArguments& arguments, const index::SplitReport& report) {
  if (console.json) {
    nlohmann::ordered_json object = {{"protocol", arguments.protocol},
                                     {"events", report.input.events},
                                     {"invalid", report.input.invalid},
                                     {"sequences", report.sequences},
                                     {"train_events", report.train_events},
                                     {"test_events", report.test_events},
                                     {"test_sequences", report.test_sequences},
                                     {"targets", report.targets},
                                     {"left_out", report.left_out}};
    if (report.moment) object["moment"] = *report.moment;
    if (report.hidden_items > 0) object["hidden_items"] = report.hidden_items;
    print_json(console, object);
    return;
  }
  console.out << counted(report.input.events, "event", "events") << " in "
              << counted(report.sequences, "sequence", "sequences") << "\n"
              << "  train: " << counted(report.train_events, "event", "events") << " in "
              << arguments.files.train.string() << '\n'
              << "  test:  " << counted(report.test_events, "event", "events") << " in "
              << arguments.files.test.string() << ", " << grouped(report.targets)
              << " of them to predict, in " << counted(report.test_sequences, "sequence", "sequences")
              << '\n';
  if (report.left_out > 0)
    console.out << "  in neither: " << counted(report.left_out, "event", "events") << '\n';
  if (report.moment) console.out << "  parted at " << index::format_time(*report.moment) << '\n';
  if (report.hidden_items > 0)
    console.out << "  hidden: " << counted(report.hidden_items, "item", "items") << '\n';
}

void split(const SplitArguments& arguments, Console& console) {
  require_distinct_files({{"--events", arguments.files.events},
                          {"--config", arguments.config},
                          {"--train", arguments.files.train, true},
                          {"--test", arguments.files.test, true}});
  index::SplitOptions options = arguments.options;
  options.protocol = protocol_of(arguments.protocol);
  index::Config::Events events;
  if (!arguments.config.empty()) events = index::load_config(arguments.config).events;
  arguments.sequences.apply(events);
  options.drop_consecutive_repeats |= events.drop_consecutive_repeats;
  const index::SessionOptions cut = index::session_options(events);
  options.sequences = cut.sequences;
  options.weights = cut.weights;
  if (!arguments.moment.empty()) options.moment = index::parse_time(arguments.moment);
  index::SplitReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    progress.phase("split");
    report = index::split_events(arguments.files, options, &progress);
  }
  for (const std::string& warning : report.input.warnings()) warn(console, warning);
  if (report.targets == 0)
    warn(console, "there is nothing to predict: no sequence has an event that the protocol asks for");
  if (report.train_events == 0 && report.input.events > 0)
    warn(console, "there is nothing to learn from: the training part is empty");
  print_report(console, arguments, report);
}

Command::Action declare(CLI::App& parser) {
  const auto arguments = std::make_shared<SplitArguments>();
  index::SplitOptions& options = arguments->options;
  parser.add_option("--events", arguments->files.events, "The log; .gz as well")
      ->required()
      ->type_name("FILE");
  parser
      .add_option("--protocol", arguments->protocol,
                  "leave-one-out: the last item event of each sequence of 3 or more; time: what comes after "
                  "a moment; "
                  "cold-items: a drawn share of the items; rating: a drawn share of the ratings")
      ->required()
      ->check(CLI::IsMember({"leave-one-out", "time", "cold-items", "rating"}))
      ->type_name("NAME");
  parser.add_option("--train", arguments->files.train, "What models may learn from")
      ->required()
      ->type_name("FILE");
  parser
      .add_option("--test", arguments->files.test, "What they are asked: targets with what comes before them")
      ->required()
      ->type_name("FILE");
  add_sequence_options(parser, arguments->sequences, "by default sessions, 30m");
  parser
      .add_option(
          "--share", options.share,
          "time: the share of the events, the latest; cold-items: of the items; rating: of the ratings")
      ->capture_default_str()
      ->type_name("SHARE");
  parser.add_option("--moment", arguments->moment, "time: the moment itself, ISO 8601, instead of a share")
      ->check([](const std::string& text) {
        return index::parse_time(text) ? std::string()
                                       : "`" + text + "` is no time; write for example 2011-12-01";
      })
      ->type_name("TIME");
  add_seed_option(parser, options.seed, "cold-items, rating: of the draw");
  parser
      .add_option("--config", arguments->config,
                  "The configuration that `segue reindex` will get: its [events] say what a sequence is")
      ->type_name("FILE");
  parser.add_flag("--drop-consecutive-repeats", options.drop_consecutive_repeats,
                  "An event on the item before it is no target");
  add_skip_invalid_option(parser, options.skip_invalid);
  return [arguments](Console& console) { split(*arguments, console); };
}

}  // namespace

Command split_command() {
  return {
      .name = "split",
      .summary = "Part a log into what models learn from and what they are asked",
      .example =
          "segue split --events events.jsonl --protocol leave-one-out --train train.jsonl --test test.jsonl",
      .declare = declare};
}

}  // namespace segue::integration
