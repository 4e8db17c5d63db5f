#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "index/event.h"

namespace segue::query {

/// A value that comes beside a query: text, a number, a truth value, a vector, or a session (oldest event
/// first).
using ParamValue = std::variant<std::string, double, bool, std::vector<double>, std::vector<index::Event>>;

/// The $name values of a request. Text of end users travels here, so it is never parsed for operators.
using Params = std::map<std::string, ParamValue>;

}  // namespace segue::query
