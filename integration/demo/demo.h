#pragma once

#include "integration/cli/commands.h"

namespace segue::integration {

/// `segue demo`: makes a shop, runs the whole line on it and shows what a session changes.
Command demo_command();

}  // namespace segue::integration
