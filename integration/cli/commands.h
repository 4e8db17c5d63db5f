#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "integration/cli/console.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// One command of the program. A new one is a .cc file that defines a function like those below, and a line
/// in commands.cc.
struct Command {
  using Action = std::function<void(Console& console)>;

  std::string_view name;
  std::string_view summary;  ///< a clause for the list of commands
  std::string_view example;  ///< one command line, shown below --help
  /// Adds the command's options to its parser and gives what runs once they are read. The action keeps the
  /// values; it fails by throwing, see run_command.h. --help and --json are there already.
  Action (*declare)(CLI::App& parser);
};

/// All commands in the order of the help.
std::span<const Command> commands();

Command import_command();
Command split_command();
Command reindex_command();
Command search_command();
Command suggest_command();
Command run_requests_command();
Command evaluate_command();
Command snapshots_command();
Command show_command();
Command config_command();
Command tune_command();
Command distill_command();
Command demo_command();

}  // namespace segue::integration
