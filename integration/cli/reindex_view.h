#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "index/reindex/reindexer.h"
#include "integration/cli/console.h"

namespace segue::integration {

/// The report of a reindex for people: what was read, the evaluation table, blend and gate, phases with time
/// and memory, the snapshot. Warnings go to err.
void print_reindex_report(Console& console, const index::ReindexReport& report);

/// What one does with a new snapshot, as command lines.
void print_next_steps(Console& console, const std::filesystem::path& store);

nlohmann::ordered_json to_json(const index::ReindexReport& report);

}  // namespace segue::integration
