#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "query/syntax/parser.h"

namespace segue::query::syntax {

/// Collects what a parse has to say, in the order in which it was found. A text of nothing but errors gives
/// the first kMost of them and a last one that says so: the answer to 64 KiB of brackets stays small.
class Diagnostics {
 public:
  static constexpr std::size_t kMost = 32;

  void error(TextRange range, std::string message, std::string suggestion = {}) {
    add({Diagnostic::Severity::kError, range, std::move(message), std::move(suggestion)});
  }
  void warning(TextRange range, std::string message, std::string suggestion = {}) {
    add({Diagnostic::Severity::kWarning, range, std::move(message), std::move(suggestion)});
  }
  std::vector<Diagnostic> take() && { return std::move(found_); }

 private:
  void add(Diagnostic diagnostic) {
    if (found_.size() < kMost) {
      found_.push_back(std::move(diagnostic));
    } else if (found_.size() == kMost) {
      found_.push_back({Diagnostic::Severity::kError, diagnostic.range,
                        "more errors follow, which are not listed", "mend the first ones"});
    }
  }

  std::vector<Diagnostic> found_;
};

}  // namespace segue::query::syntax
