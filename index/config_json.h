#pragma once

#include <nlohmann/json_fwd.hpp>

#include "index/config.h"

namespace segue::index {

/// Every key with the value that it has, {"mf": {"factors": 64, ...}, ...}: what a manifest keeps of a run.
nlohmann::json to_json(const Config& config);

/// Reads it again, over the defaults: keys that the JSON lacks, as of an older version, have theirs. Throws
/// Error (kDamagedStore) for a value of another type.
Config config_from_json(const nlohmann::json& json);

}  // namespace segue::index
