#pragma once

#include <string_view>
#include <vector>

#include "index/item_set.h"
#include "index/suggestions/suggestion_table.h"
#include "query/suggest/session_evidence.h"
#include "query/suggest/suggest_options.h"

namespace segue::query {

/// The suggestions that may be ranked for some typed letters: of those that begin with them, the most
/// popular, and those that the session speaks for, so that a light but fitting one is found. folded_prefix:
/// as fold_prefix() gives it; a blank at its end ends a word. allowed (null: all) holds the items that may be
/// suggested. Rising rows, each once. At most heaviest + related + worded.
std::vector<index::SuggestionTable::Row> suggestion_candidates(const index::SuggestionTable& table,
                                                               std::string_view folded_prefix,
                                                               const SessionEvidence& evidence,
                                                               const index::ItemSet* allowed,
                                                               const SuggestOptions& options);

}  // namespace segue::query
