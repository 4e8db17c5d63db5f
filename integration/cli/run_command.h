#pragma once

#include <functional>

#include "integration/cli/console.h"

namespace segue::integration {

/// Runs a command's action and turns every exception into a message on err and the exit status of
/// docs/errors.md: the one place that does. A result that could not be written is status 4, unless its reader
/// has left (as `segue search ... | head -1` does), which is no failure. Never throws.
int run_command(Console& console, const std::function<void()>& action) noexcept;

}  // namespace segue::integration
