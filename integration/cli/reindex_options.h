#pragma once

#include <string>

#include "index/reindex/reindexer.h"
#include "integration/cli/console.h"
#include "integration/cli/sequence_options.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// What the commands that turn logs into a snapshot are asked.
struct ReindexOptions {
  index::ReindexRequest request;  ///< its configuration is the command's to fill in
  std::string config;             ///< --config; empty: none
  std::string device = "auto";
  SequenceOptions sequences;
};

void add_reindex_options(CLI::App& parser, ReindexOptions& options);

/// Throws Error for what can be seen before any file is read: nothing to index, a file where a folder should
/// be, a file named twice.
void check_reindex_options(const ReindexOptions& options);

/// Runs the reindex with the request's configuration and prints its report. Throws as index::reindex does.
void publish_reindex(const ReindexOptions& options, Console& console);

}  // namespace segue::integration
