#pragma once

#include <string>
#include <string_view>

#include "plugin/request.h"

namespace segue::integration {

/// The text with white space (of Unicode), control characters and % as %XX for each of their bytes, so that
/// it is one column of a run; every URL decoder undoes it.
std::string percent_encoded(std::string_view text);

/// Appends one line for each hit, the six columns of TREC runs: `request Q0 item rank score segue`. Scores
/// are written so that they read back as the same number.
void append_run(std::string& out, std::string_view request_id, const plugin::Answer& answer);

}  // namespace segue::integration
