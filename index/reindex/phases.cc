#include "index/reindex/phases.h"

#include <sys/resource.h>

namespace segue::index {

void Phases::begin(std::string_view name) {
  end();
  name_ = name;
  start_ = std::chrono::steady_clock::now();
  progress_.phase(name);
  progress_.check();
}

void Phases::end() {
  if (name_.empty()) return;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  done_.push_back({name_, seconds.count(), peak_memory_bytes()});
  name_.clear();
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace segue::index
