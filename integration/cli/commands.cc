#include "integration/cli/commands.h"

#include <vector>

namespace segue::integration {

std::span<const Command> commands() {
  static const std::vector<Command> all = {
      import_command(),       split_command(),    reindex_command(),   search_command(), suggest_command(),
      run_requests_command(), evaluate_command(), snapshots_command(), show_command(),   config_command(),
      tune_command(),         distill_command(),  demo_command(),
  };
  return all;
}

}  // namespace segue::integration
