#include "query/operators/session_context.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "index/input/fold.h"

namespace segue::query {

std::vector<index::ItemId> SessionContext::items() const {
  std::vector<index::ItemId> found;
  for (const SessionEvent& event : events) {
    if (event.item != index::kNoItem) found.push_back(event.item);
  }
  return found;
}

std::vector<double> SessionContext::times() const {
  std::vector<double> found;
  for (const SessionEvent& event : events) {
    if (event.item != index::kNoItem) found.push_back(event.time);
  }
  return found;
}

std::vector<std::uint32_t> SessionContext::contexts() const {
  std::vector<std::uint32_t> found;
  for (const SessionEvent& event : events) {
    if (event.item != index::kNoItem) found.push_back(event.context);
  }
  return found;
}

std::vector<std::string> SessionContext::texts() const {
  std::vector<std::string> found;
  for (const SessionEvent& event : events) {
    if (event.item == index::kNoItem) found.push_back(event.text);
  }
  return found;
}

SessionContext SessionContext::without(index::ContextId value, bool of_request) const {
  SessionContext rest = *this;
  const auto strip = [&](std::uint32_t set) {
    std::vector<index::ContextId> values(sets[set].begin(), sets[set].end());
    return std::erase(values, value) == 0 ? set : rest.sets.add(values);
  };
  if (of_request) {
    rest.request = strip(request);
  } else {
    for (SessionEvent& event : rest.events) event.context = strip(event.context);
  }
  return rest;
}

std::vector<index::ContextId> SessionContext::values(bool of_request) const {
  std::vector<index::ContextId> found;
  const auto take = [&](std::uint32_t set) { found.insert(found.end(), sets[set].begin(), sets[set].end()); };
  if (of_request) {
    take(request);
  } else {
    for (const SessionEvent& event : events) take(event.context);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

SessionContext resolve_session(std::span<const index::Event> events, const SessionTerms& terms,
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
  const index::Catalogue& catalogue = terms.catalogue;
  const auto set_of = [&](const std::map<std::string, std::string>& context, std::optional<double> time) {
    if (terms.contexts == nullptr) return index::ContextSets::kNone;
    const auto values =
        terms.contexts->values_of(context, time.value_or(std::numeric_limits<double>::quiet_NaN()));
    return values.empty() ? index::ContextSets::kNone : session.sets.add(values);
  };
  if (terms.moment != nullptr) {
    session.request = set_of(terms.moment->context, terms.moment->time);
    session.now = terms.moment->time.value_or(std::numeric_limits<double>::quiet_NaN());
  }
  for (const index::Event& event : events) {
    const double time = event.time.value_or(std::numeric_limits<double>::quiet_NaN());
    if (event.item.empty()) {
      const index::ItemId item = catalogue.find_query(index::fold(event.query));
      session.events.push_back(
          item == index::kNoItem ? SessionEvent{index::kNoItem, event.query, index::ContextSets::kNone, time}
                                 : SessionEvent{item, {}, set_of(event.context, event.time), time});
      continue;
    }
    const index::ItemId item = catalogue.find(event.item);
    if (item == index::kNoItem) {
      ++session.skipped;
    } else {
      session.events.push_back({item, {}, set_of(event.context, event.time), time});
    }
  }
  return session;
}

}  // namespace segue::query
