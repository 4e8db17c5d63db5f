#include "integration/jobs/targets.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace segue::integration {
namespace {

/// The item events of one sequence, oldest first.
struct ItemEvents {
  std::vector<index::ItemId> items;
  std::vector<double> times;  // seconds since 1970; NaN: unknown
  std::vector<bool> marked;
  std::vector<std::uint32_t> contexts;    // empty where none are known
  std::vector<std::string> texts;         // typed texts that are no items
  std::vector<std::size_t> texts_before;  // of each item: how many of them came before it
};

ItemEvents item_events(const index::EventLog& log, const index::Sequence& sequence,
                       const index::EventContexts& contexts) {
  ItemEvents found;
  for (std::size_t e = sequence.begin; e < sequence.end; ++e) {
    if (log.events[e].item == index::kNoItem) {
      if (log.events[e].query != index::LogEvent::kNone)
        found.texts.push_back(log.queries[log.events[e].query]);
      continue;
    }
    found.texts_before.push_back(found.texts.size());
    found.items.push_back(log.events[e].item);
    found.times.push_back(log.events[e].time);
    found.marked.push_back(log.events[e].target);
    if (contexts.sets != nullptr) found.contexts.push_back(contexts.of_event[e]);
  }
  return found;
}

/// The last event on a searchable item of a sequence that has at least 3 of them.
std::optional<std::size_t> last_searchable(const ItemEvents& events, const index::Catalogue& catalogue) {
  std::optional<std::size_t> last;
  std::size_t count = 0;
  for (std::size_t i = 0; i < events.items.size(); ++i) {
    if (catalogue.is_query(events.items[i])) continue;
    last = i;
    ++count;
  }
  return count < 3 ? std::nullopt : last;
}

/// Positions of the events to predict among the item events of one sequence.
std::vector<std::size_t> positions(const ItemEvents& events, const index::Catalogue& catalogue,
                                   Protocol protocol, bool marks, Targets& targets) {
  std::vector<std::size_t> chosen;
  if (protocol != Protocol::kNextEvent && !marks) {
    if (const auto last = last_searchable(events, catalogue)) chosen.push_back(*last);
    return chosen;
  }
  for (std::size_t i = 0; i < events.items.size(); ++i) {
    const bool wanted = marks ? events.marked[i] : i > 0;
    if (!wanted) continue;
    if (i == 0 || catalogue.is_query(events.items[i])) {
      ++targets.not_ranked;
    } else {
      chosen.push_back(i);
    }
  }
  return chosen;
}

}  // namespace

Targets find_targets(const index::EventLog& log, const index::Catalogue& catalogue, Protocol protocol,
                     const index::TrainedSequences* trained, const index::EventContexts& contexts) {
  const bool marks = std::any_of(log.events.begin(), log.events.end(),
                                 [](const index::LogEvent& event) { return event.target; });
  Targets targets;
  if (protocol == Protocol::kColdItems && !marks) return targets;
  std::uint32_t sequences = 0;
  for (const index::Sequence& sequence : log.sequences) {
    const std::size_t earlier = targets.held_out.size();
    const ItemEvents events = item_events(log, sequence, contexts);
    const std::vector<std::int64_t> digests = index::event_digests(log, sequence, catalogue);
    for (const std::size_t i : positions(events, catalogue, protocol, marks, targets)) {
      const auto before = static_cast<std::ptrdiff_t>(i);
      index::HeldOut held_out{{events.items.begin(), events.items.begin() + before}, events.items[i]};
      held_out.times.assign(events.times.begin(), events.times.begin() + before);
      held_out.time = events.times[i];
      if (contexts.sets != nullptr) {
        held_out.contexts.assign(events.contexts.begin(), events.contexts.begin() + before);
        held_out.request = events.contexts[i];
        held_out.sets = contexts.sets;
      }
      held_out.texts.assign(events.texts.begin(),
                            events.texts.begin() + static_cast<std::ptrdiff_t>(events.texts_before[i]));
      targets.held_out.push_back(std::move(held_out));
      targets.sequence_of.push_back(sequences);
      targets.trained += trained != nullptr && trained->contains(digests[i]) ? 1 : 0;
    }
    if (targets.held_out.size() > earlier) ++sequences;
  }
  return targets;
}

}  // namespace segue::integration
