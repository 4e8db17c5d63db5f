#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "query/limits.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// An event of a request's session in the terms of a catalogue: an item, or a text that is no item.
struct SessionEvent {
  index::ItemId item = index::kNoItem;
  std::string text;  ///< the typed text; empty for an item
};

/// A session as the operators see it, oldest event first.
struct SessionContext {
  std::vector<SessionEvent> events;
  std::size_t skipped = 0;  ///< events on items that the catalogue does not have

  std::vector<index::ItemId> items() const;  ///< the item events, oldest first, repeats kept
};

/// Resolves the events of a request: an item by its id; a query whose folded text equals the folded title of
/// an item of kind `query` is that item, any other text stays text. Unknown items are skipped and counted. A
/// session beyond the limit is cut to its newest events, with a warning.
SessionContext resolve_session(std::span<const index::Event> events, const index::Catalogue& catalogue,
                               const Limits& limits, std::vector<syntax::Diagnostic>& diagnostics);

}  // namespace segue::query
