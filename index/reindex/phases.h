#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "index/progress.h"
#include "index/snapshot/manifest.h"

namespace segue::index {

/// Tells a Progress about the phases of a run and keeps the time and peak memory of each. Thread-compatible.
class Phases {
 public:
  explicit Phases(Progress& progress) : progress_(progress) {}

  /// Ends the running phase and begins another.
  void begin(std::string_view name);
  /// Ends the running phase.
  void end();
  const std::vector<Manifest::Phase>& done() const noexcept { return done_; }

 private:
  Progress& progress_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
  std::vector<Manifest::Phase> done_;
};

/// The most memory that this process has had resident so far, in bytes.
std::uint64_t peak_memory_bytes();

}  // namespace segue::index
