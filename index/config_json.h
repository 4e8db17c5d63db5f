#pragma once

#include <nlohmann/json_fwd.hpp>

#include "index/config.h"

namespace segue::index {

/// Every key with the value that it has, {"mf": {"factors": 64, ...}, ...}: what a manifest keeps of a run.
nlohmann::json to_json(const Config& config);

}  // namespace segue::index
