#pragma once

#include <span>
#include <vector>

#include "query/lucene/lowering.h"
#include "query/lucene/text_search.h"

namespace segue::query {

/// The scores of items leaf by leaf, by the rules of boolean queries; in the order of items.
std::vector<ScoreBreakdown> break_down(const Lowered& query, std::span<const index::ItemId> items);

}  // namespace segue::query
