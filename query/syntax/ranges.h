#pragma once

#include <cstddef>
#include <string_view>

#include "query/syntax/ast.h"
#include "query/syntax/diagnostics.h"

namespace segue::query::syntax {

struct RangeReading {
  Range range;
  bool understood = false;  ///< it had two ends
  std::size_t end = 0;      ///< where the text goes on
};

/// Reads a range whose bracket stands at text[open]: both ends and the closing bracket. Without that, it
/// takes all.
RangeReading read_range(std::string_view text, std::size_t open, Diagnostics& diagnostics);

struct VectorReading {
  Vector values;
  std::size_t end = 0;
};

/// Reads [number, ...], the body of an operator, whose bracket stands at text[open].
VectorReading read_vector(std::string_view text, std::size_t open, Diagnostics& diagnostics);

}  // namespace segue::query::syntax
