#pragma once

#include <optional>
#include <string>

#include "index/config.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// --sequence and --session-gap: how a log is cut into sequences.
struct SequenceOptions {
  std::optional<std::string> sequence;
  std::optional<std::string> session_gap;

  /// Writes what was given over a configuration.
  void apply(index::Config::Events& events) const;
};

/// `otherwise` tells what holds where an option is not given, for example "by default session".
void add_sequence_options(CLI::App& parser, SequenceOptions& options, const std::string& otherwise);

}  // namespace segue::integration
