#pragma once

#include <map>
#include <optional>
#include <string>

namespace segue::query {

/// What is known of the moment in which a request is made, beside its session: context as events have it,
/// and the time, which tells hour and weekday to models that know them. Nothing of it is made up: a request
/// without a time has no hour.
struct Moment {
  std::map<std::string, std::string> context;
  std::optional<double> time;  ///< seconds since 1970, UTC
};

}  // namespace segue::query
