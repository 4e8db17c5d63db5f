#pragma once

#include <cstddef>

namespace segue::query {

/// What one request may ask for. Beyond the first four a query is an error with a position; a session beyond
/// its limit is cut to its newest events and text beyond its limit is cut, both with a diagnostic.
struct Limits {
  std::size_t bytes = 64 * 1024;  ///< of a query, and of a bound text
  std::size_t clauses = 1024;
  std::size_t depth = 32;
  std::size_t top_k = 10'000;  ///< of an operator's topK and window, and of offset + size
  std::size_t session_events = 1'000;
};

}  // namespace segue::query
