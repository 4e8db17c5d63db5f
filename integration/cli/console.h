#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "integration/cli/terminal_text.h"

namespace segue::integration {

/// Where a command writes: results to `out`, progress, warnings and errors to `err`. With `json` the result
/// is JSON, and nothing else goes to `out`. The streams outlive it.
struct Console {
  std::ostream& out;
  std::ostream& err;
  TerminalStyle out_style;
  TerminalStyle err_style;
  bool json = false;
};

/// A line on err that a person should see but that stops nothing.
void warn(Console& console, std::string_view text);

/// The result as one line of JSON on out. Bytes that are no UTF-8 (in the name of a file) become U+FFFD.
void print_json(Console& console, const nlohmann::ordered_json& value);

}  // namespace segue::integration
