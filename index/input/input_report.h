#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// What every reader of JSON lines counts.
struct LineReport {
  static constexpr std::size_t kExamples = 5;
  static constexpr std::size_t kKeys = 64;  ///< distinct unknown keys that are told apart

  std::string file;
  std::size_t lines = 0;    ///< lines that are not blank
  std::size_t invalid = 0;  ///< of these, skipped because they are malformed (only with skip_invalid)
  std::vector<std::string> examples;  ///< "FILE:LINE: why" of the first kExamples of them
  std::map<std::string, std::size_t, std::less<>>
      ignored_keys;  ///< unknown key -> how often; the rest under "..."

  void add_invalid(std::string_view message);
  void add_ignored(std::string_view key);

  /// One line each about what was skipped and what was ignored; empty when there is nothing to say.
  std::vector<std::string> warnings() const;
};

}  // namespace segue::index
