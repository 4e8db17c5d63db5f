#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "index/config.h"

namespace segue::index {

/// Where a key's value lives in a Config.
using ConfigSlot = std::variant<bool*, std::size_t*, double*, std::string*, std::map<std::string, double>*>;

/// One row of the table that drives the parser, the defaults and the checks.
struct ConfigRow {
  std::string_view table;  ///< "mf"
  std::string_view key;    ///< "factors"; empty for a table of free keys
  ConfigSlot (*slot)(Config&);
  double least = 0;  ///< bounds of numbers, included
  double most = 0;
  std::string_view
      choices;  ///< of strings, separated by blanks; empty: any, and checked by name (see config.cc)
  std::string_view meaning;
};

std::span<const ConfigRow> config_table();

}  // namespace segue::index
