#include "integration/jobs/run_warnings.h"

#include <set>

namespace segue::integration {
namespace {

constexpr std::size_t kCompared = 60;  // bytes of a message that make its kind

/// The beginning of a message without its numbers.
std::string kind_of(std::string_view message) {
  std::string kind;
  for (const char c : message) {
    if (kind.size() == kCompared) break;
    if (c < '0' || c > '9') kind += c;
  }
  return kind;
}

}  // namespace

void RunWarnings::add(std::string_view request_id, const std::vector<std::string>& messages) {
  std::set<std::size_t> counted;
  for (const std::string& message : messages) {
    const auto [kind, fresh] = kinds_.try_emplace(kind_of(message), list_.size());
    if (fresh) list_.push_back({message, 0, std::string(request_id)});
    if (counted.insert(kind->second).second) ++list_[kind->second].requests;
  }
}

}  // namespace segue::integration
