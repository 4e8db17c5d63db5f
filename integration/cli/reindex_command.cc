#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "integration/cli/commands.h"
#include "integration/cli/reindex_options.h"

namespace segue::integration {
namespace {

void reindex_store(ReindexOptions options, Console& console) {
  check_reindex_options(options);
  if (!options.config.empty()) options.request.config = index::load_config(options.config);
  publish_reindex(options, console);
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<ReindexOptions>();
  add_reindex_options(parser, *options);
  return [options](Console& console) { reindex_store(*options, console); };
}

}  // namespace

Command reindex_command() {
  return {.name = "reindex",
          .summary = "Turn logs into a new snapshot and publish it",
          .example = "segue reindex --items items.jsonl --events events.jsonl --store shop.store",
          .declare = declare};
}

}  // namespace segue::integration
