#pragma once

#include <sys/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace segue::tests {

/// What a finished program left.
struct ProgramResult {
  int status = 0;  ///< its exit status; 128 + signal when a signal ended it, as a shell says it
  std::string out;
  std::string err;
};

/// The program `segue` of this build, run to its end.
ProgramResult run_segue(const std::vector<std::string>& arguments);

/// What it prints with --json. Throws std::runtime_error with its message where it ends with another status
/// than 0.
nlohmann::json run_segue_json(const std::vector<std::string>& arguments);

/// The program, begun only, with its output thrown away; the caller waits for it.
pid_t start_segue(const std::vector<std::string>& arguments);

}  // namespace segue::tests
