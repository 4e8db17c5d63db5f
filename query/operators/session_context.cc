#include "query/operators/session_context.h"

#include "index/input/fold.h"

namespace segue::query {

std::vector<index::ItemId> SessionContext::items() const {
  std::vector<index::ItemId> found;
  for (const SessionEvent& event : events) {
    if (event.item != index::kNoItem) found.push_back(event.item);
  }
  return found;
}

SessionContext resolve_session(std::span<const index::Event> events, const index::Catalogue& catalogue,
                               const Limits& limits, std::vector<syntax::Diagnostic>& diagnostics) {
  if (events.size() > limits.session_events) {
    diagnostics.push_back({syntax::Diagnostic::Severity::kWarning,
                           {},
                           "the session has " + std::to_string(events.size()) +
                               " events and was cut to its newest " + std::to_string(limits.session_events),
                           "",
                           "ctx"});
    events = events.last(limits.session_events);
  }
  SessionContext session;
  for (const index::Event& event : events) {
    if (event.item.empty()) {
      const index::ItemId item = catalogue.find_query(index::fold(event.query));
      session.events.push_back(item == index::kNoItem ? SessionEvent{index::kNoItem, event.query}
                                                      : SessionEvent{item, {}});
      continue;
    }
    const index::ItemId item = catalogue.find(event.item);
    if (item == index::kNoItem) {
      ++session.skipped;
    } else {
      session.events.push_back({item, {}});
    }
  }
  return session;
}

}  // namespace segue::query
