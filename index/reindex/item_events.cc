#include "index/reindex/item_events.h"

namespace segue::index {
namespace {

template <typename T>
std::vector<T> head(const std::vector<T>& list, std::size_t count) {
  return {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

void ItemEvents::keep(std::size_t first) {
  items.resize(first);
  weights.resize(first);
  times.resize(first);
  touched.resize(first);
  places.resize(first);
  numbers.resize(first);
  texts_before.resize(first);
  if (!contexts.empty()) contexts.resize(first);
}

HeldOut ItemEvents::hold_out(std::size_t target, const EventLog& log, const EventContexts& known) const {
  HeldOut held_out;
  held_out.prefix = head(items, target);
  held_out.target = items[target];
  held_out.times = head(touched, target);
  held_out.time = times[target];
  held_out.sets = known.sets;
  if (!contexts.empty()) {
    held_out.contexts = head(contexts, target);
    held_out.request = contexts[target];
  }
  for (std::size_t t = 0; t < texts_before[target]; ++t) held_out.texts.push_back(log.queries[texts[t]]);
  return held_out;
}

std::optional<std::size_t> last_target(const ItemEvents& events, const Catalogue& catalogue) {
  if (events.size() < 3) return std::nullopt;
  std::size_t last = events.size() - 1;
  while (last > 0 && catalogue.is_query(events.items[last])) --last;
  return last > 0 ? std::optional(last) : std::nullopt;
}

ItemEvents item_events(const EventLog& log, const Sequence& sequence, const EventContexts& contexts) {
  ItemEvents found;
  std::size_t number = 0;
  for (std::size_t e = sequence.begin; e < sequence.end; ++e) {
    const LogEvent& event = log.events[e];
    if (event.item == kNoItem) {
      if (event.query != LogEvent::kNone) found.texts.push_back(event.query);
      continue;
    }
    const std::size_t before = number++;
    if (event.weight <= 0) continue;
    found.items.push_back(event.item);
    found.weights.push_back(event.weight);
    found.times.push_back(event.time);
    found.touched.push_back(event.last_time());
    found.places.push_back(e);
    found.numbers.push_back(before);
    found.texts_before.push_back(found.texts.size());
    if (contexts.sets != nullptr) found.contexts.push_back(contexts.of_event[e]);
  }
  return found;
}

}  // namespace segue::index
