#pragma once

#include <iosfwd>

#include "integration/cli/terminal_text.h"
#include "plugin/request.h"

namespace segue::integration {

/// What moved a hit, leg by leg: the terms of the text with their statistics, the models' shares, the events
/// of the session with what each added, and near items. Prints nothing when the hit has no explanation.
void print_explanation(std::ostream& out, const TerminalStyle& style, const plugin::Answer& answer,
                       const plugin::AnswerHit& hit);

}  // namespace segue::integration
