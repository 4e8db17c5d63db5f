#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace segue::integration {

/// One kind of warning in a run, with one request as its example.
struct RunWarning {
  std::string message;  ///< as the example got it
  std::size_t requests = 0;
  std::string example;  ///< the id of the first request that got it
};

/// Counts what the answers of a run warn of. Two messages are of one kind when they begin alike but for their
/// numbers: a million requests come to a few lines. Thread-compatible.
class RunWarnings {
 public:
  /// The warnings of one request; two of one kind count once.
  void add(std::string_view request_id, const std::vector<std::string>& messages);

  /// In the order in which they first came.
  const std::vector<RunWarning>& list() const noexcept { return list_; }

 private:
  std::map<std::string, std::size_t, std::less<>> kinds_;  // -> place in list_
  std::vector<RunWarning> list_;
};

}  // namespace segue::integration
