#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "index/input/csv_import.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/interrupt.h"
#include "integration/cli/terminal_progress.h"

namespace segue::integration {
namespace {

struct ImportOptions {
  index::CsvImportFiles files;
  std::string config;
  bool skip_invalid = false;
};

void import_table(const ImportOptions& options, Console& console) {
  require_distinct_files({{"--input", options.files.input},
                          {"--config", options.config},
                          {"--items", options.files.items, true},
                          {"--events", options.files.events, true}});
  const index::CsvImportConfig config = index::load_csv_config(options.config);
  index::CsvImportReport report;
  {
    const InterruptScope interrupt;
    TerminalProgress progress(console.err, console.err_style, InterruptScope::requested);
    progress.phase("import");
    report = index::import_csv(options.files, config, options.skip_invalid, &progress);
  }
  if (console.json) {
    print_json(console, nlohmann::ordered_json::parse(report.json()));
  } else {
    console.out << report.text();
  }
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<ImportOptions>();
  parser.require_subcommand(1);
  CLI::App* csv = parser.add_subcommand("csv", "A table of rows such as orders, clicks or ratings");
  csv->fallthrough();
  csv->set_help_flag("-h,--help", "Print this help");
  csv->add_option("--input", options->files.input, "The table; .gz as well")->required()->type_name("FILE");
  csv->add_option("--config", options->config, "Columns and cleaning rules: a TOML file as in examples/")
      ->required()
      ->type_name("FILE");
  csv->add_option("--items", options->files.items, "Where items.jsonl goes")->required()->type_name("FILE");
  csv->add_option("--events", options->files.events, "Where events.jsonl goes")
      ->required()
      ->type_name("FILE");
  csv->add_flag("--skip-invalid", options->skip_invalid,
                "Count malformed rows instead of stopping at the first");
  return [options](Console& console) { import_table(*options, console); };
}

}  // namespace

Command import_command() {
  return {.name = "import",
          .summary = "Turn a table into items and events",
          .example =
              "segue import csv --input orders.csv --config orders.toml --items items.jsonl --events "
              "events.jsonl",
          .declare = declare};
}

}  // namespace segue::integration
