#pragma once

#include <string>

#include "integration/cli/console.h"
#include "plugin/request.h"

namespace segue::integration {

/// A hit list for people: rank, score, id, title and the legs in short; with explanations or fields,
/// below each hit what moved it and its fields. Facets follow the hits.
void print_hits(Console& console, const plugin::Answer& answer);

/// Suggestions for people: rank, score, text and where each comes from.
void print_suggestions(Console& console, const plugin::Answer& answer);

/// "text 3 (7.10) + session 1 (2.31)": the legs of a hit, each with its rank and what it added.
std::string legs_in_short(const query::SearchHit& hit);

}  // namespace segue::integration
