#include "index/input/input_report.h"

namespace segue::index {

void LineReport::add_invalid(std::string_view message) {
  ++invalid;
  if (examples.size() < kExamples) examples.emplace_back(message);
}

void LineReport::add_ignored(std::string_view key) {
  const auto found = ignored_keys.find(key);
  if (found != ignored_keys.end()) {
    ++found->second;
  } else {
    ++ignored_keys[ignored_keys.size() < kKeys ? std::string(key) : "..."];
  }
}

std::vector<std::string> LineReport::warnings() const {
  std::vector<std::string> out;
  if (invalid > 0) {
    std::string line = file + ": " + std::to_string(invalid) + " of " + std::to_string(lines) +
                       " lines are malformed and were skipped; for example";
    for (const std::string& example : examples) line += "\n  " + example;
    out.push_back(std::move(line));
  }
  if (!ignored_keys.empty()) {
    std::size_t total = 0;
    std::string names;
    for (const auto& [key, count] : ignored_keys) {
      total += count;
      names += (names.empty() ? "" : ", ") + key + " (" + std::to_string(count) + ")";
    }
    out.push_back(file + ": values of unknown keys were ignored " + std::to_string(total) +
                  " times: " + names);
  }
  return out;
}

}  // namespace segue::index
