#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "query/limits.h"
#include "query/moment.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// An event of a request's session in the terms of a catalogue: an item, or a text that is no item.
struct SessionEvent {
  index::ItemId item = index::kNoItem;
  std::string text;                                        ///< the typed text; empty for an item
  std::uint32_t context = index::ContextSets::kNone;       ///< a set of SessionContext::sets
  double time = std::numeric_limits<double>::quiet_NaN();  ///< seconds since 1970; NaN: unknown
};

/// A session as the operators see it, oldest event first.
struct SessionContext {
  std::vector<SessionEvent> events;
  std::size_t skipped = 0;                            ///< events on items that the catalogue does not have
  index::ContextSets sets;                            ///< of context values that the snapshot knows
  std::uint32_t request = index::ContextSets::kNone;  ///< of the moment of the request
  double now = std::numeric_limits<double>::quiet_NaN();  ///< that moment; NaN: unknown

  std::vector<index::ItemId> items() const;     ///< the item events, oldest first, repeats kept
  std::vector<double> times() const;            ///< of each of them, seconds since 1970; NaN: unknown
  std::vector<std::uint32_t> contexts() const;  ///< the set of each of them
  std::vector<std::string> texts() const;       ///< the typed texts that are no items, oldest first

  /// The session as it were if nobody had told a value: of the request, else of its events.
  SessionContext without(index::ContextId value, bool of_request) const;
  /// The values of the request's context or of its events', rising, each once.
  std::vector<index::ContextId> values(bool of_request) const;
};

/// In whose terms a session is resolved.
struct SessionTerms {
  const index::Catalogue& catalogue;
  const index::ContextVocabulary* contexts = nullptr;  ///< null: no context is known
  const Moment* moment = nullptr;                      ///< of the request; null: nothing is known of it

  SessionTerms(const index::Catalogue& c) : catalogue(c) {}  // NOLINT(google-explicit-constructor)
  SessionTerms(const index::Catalogue& c, const index::ContextVocabulary& v, const Moment& m)
      : catalogue(c), contexts(&v), moment(&m) {}
};

/// Resolves the events of a request: an item by its id; a query whose folded text equals the folded title of
/// an item of kind `query` is that item, any other text stays text. Unknown items are skipped and counted. A
/// Values of context that the vocabulary lacks are left out without a word. A
/// session beyond the limit is cut to its newest events, with a warning.
SessionContext resolve_session(std::span<const index::Event> events, const SessionTerms& terms,
                               const Limits& limits, std::vector<syntax::Diagnostic>& diagnostics);

}  // namespace segue::query
