#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "index/reindex/tuner.h"
#include "integration/cli/console.h"

namespace segue::integration {

/// What a search wrote.
struct TuneFiles {
  std::filesystem::path config;  ///< the best configuration
  std::filesystem::path trials;  ///< all trials
};

/// The report of a search for people: the best ten trials as a table, those on more data first, and which one
/// was written.
void print_tune_report(Console& console, const index::TuneReport& report, const TuneFiles& files);

/// The same for programs, with all trials in the order in which they ran.
nlohmann::ordered_json to_json(const index::TuneReport& report, const TuneFiles& files);

}  // namespace segue::integration
