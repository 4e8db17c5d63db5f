#include "integration/jobs/targets.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "index/reindex/item_events.h"

namespace segue::integration {
namespace {

/// The last event on a searchable item of a sequence that has at least 3 of them.
std::optional<std::size_t> last_searchable(const index::ItemEvents& events,
                                           const index::Catalogue& catalogue) {
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
std::vector<std::size_t> positions(const index::ItemEvents& events, const index::EventLog& log,
                                   const index::Catalogue& catalogue, Protocol protocol, bool marks,
                                   Targets& targets) {
  std::vector<std::size_t> chosen;
  if (protocol != Protocol::kNextEvent && !marks) {
    if (const auto last = last_searchable(events, catalogue)) chosen.push_back(*last);
    return chosen;
  }
  for (std::size_t i = 0; i < events.items.size(); ++i) {
    const bool wanted = marks ? log.events[events.places[i]].target : i > 0;
    if (!wanted) continue;
    if (i == 0 || catalogue.is_query(events.items[i])) {
      ++targets.not_ranked;
    } else {
      chosen.push_back(i);
    }
  }
  return chosen;
}

/// Marked events that item_events() leaves out.
std::size_t marked_without_weight(const index::EventLog& log, const index::Sequence& sequence) {
  const auto first = log.events.begin() + static_cast<std::ptrdiff_t>(sequence.begin);
  const auto last = log.events.begin() + static_cast<std::ptrdiff_t>(sequence.end);
  return static_cast<std::size_t>(std::count_if(first, last, [](const index::LogEvent& event) {
    return event.target && event.item != index::kNoItem && event.weight <= 0;
  }));
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
    const index::ItemEvents events = index::item_events(log, sequence, contexts);
    const std::vector<std::int64_t> digests = index::event_digests(log, sequence, catalogue);
    if (marks) targets.not_ranked += marked_without_weight(log, sequence);
    for (const std::size_t i : positions(events, log, catalogue, protocol, marks, targets)) {
      targets.held_out.push_back(events.hold_out(i, log, contexts));
      targets.sequence_of.push_back(sequences);
      targets.trained += trained != nullptr && trained->contains(digests[events.numbers[i]]) ? 1 : 0;
    }
    if (targets.held_out.size() > earlier) ++sequences;
  }
  return targets;
}

}  // namespace segue::integration
