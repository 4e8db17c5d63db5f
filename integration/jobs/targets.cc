#include "integration/jobs/targets.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "index/reindex/item_events.h"

namespace segue::integration {
namespace {

/// Whether a sequence has 3 events on searchable items. `segue split` counts so: typed texts do not count,
/// though here, where items of kind `query` are known, some of them are items. (The gate, which holds back
/// from the log that it learns from, counts those as well.)
bool is_long_enough(const index::ItemEvents& events, const index::Catalogue& catalogue) {
  return std::count_if(events.items.begin(), events.items.end(),
                       [&](index::ItemId item) { return !catalogue.is_query(item); }) >= 3;
}

/// Positions of the events to predict among the item events of one sequence.
std::vector<std::size_t> positions(const index::ItemEvents& events, const index::EventLog& log,
                                   const index::Catalogue& catalogue, Protocol protocol, Targets& targets) {
  std::vector<std::size_t> chosen;
  if (protocol != Protocol::kNextEvent && !log.marked) {
    if (is_long_enough(events, catalogue)) chosen.push_back(*index::last_target(events, catalogue));
    return chosen;
  }
  for (std::size_t i = 0; i < events.items.size(); ++i) {
    const bool wanted = log.marked ? log.events[events.places[i]].target : i > 0;
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
  Targets targets;
  if (protocol == Protocol::kColdItems && !log.marked) return targets;
  std::uint32_t sequences = 0;
  for (const index::Sequence& sequence : log.sequences) {
    const std::size_t earlier = targets.held_out.size();
    const index::ItemEvents events = index::item_events(log, sequence, contexts);
    const std::vector<std::int64_t> digests = index::event_digests(log, sequence, catalogue);
    if (log.marked) targets.not_ranked += marked_without_weight(log, sequence);
    for (const std::size_t i : positions(events, log, catalogue, protocol, targets)) {
      targets.held_out.push_back(events.hold_out(i, log, contexts));
      targets.sequence_of.push_back(sequences);
      targets.trained += trained != nullptr && trained->contains(digests[events.numbers[i]]) ? 1 : 0;
    }
    if (targets.held_out.size() > earlier) ++sequences;
  }
  return targets;
}

}  // namespace segue::integration
