#pragma once

#include <span>
#include <string>

#include "integration/cli/console.h"

namespace segue::integration {

/// The whole program but for its process: reads the arguments (without the program's name), runs the command,
/// and gives the exit status of docs/errors.md. Help and version go to out with status 0; arguments that
/// cannot be understood get a message and status 1. Never throws.
int run_program(std::span<const std::string> arguments, Console& console) noexcept;

}  // namespace segue::integration
