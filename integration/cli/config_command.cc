#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "index/config.h"
#include "integration/cli/commands.h"

namespace segue::integration {
namespace {

void print_defaults(Console& console) {
  if (!console.json) {
    console.out << index::config_defaults_toml();
    return;
  }
  nlohmann::ordered_json keys = nlohmann::ordered_json::array();
  for (const index::ConfigKey& key : index::config_keys())
    keys.push_back({{"key", key.name}, {"default", key.standard}, {"meaning", key.meaning}});
  print_json(console, keys);
}

Command::Action declare(CLI::App& parser) {
  const auto defaults = std::make_shared<bool>(false);
  parser
      .add_flag("--defaults", *defaults,
                "Every key of the configuration file with its default and its meaning, as TOML")
      ->required();
  return [defaults](Console& console) { print_defaults(console); };
}

}  // namespace

Command config_command() {
  return {.name = "config",
          .summary = "Print the configuration's keys, defaults and meanings",
          .example = "segue config --defaults > segue.toml",
          .declare = declare};
}

}  // namespace segue::integration
