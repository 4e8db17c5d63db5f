#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/model/training_data.h"

namespace segue::index {

/// The item events of one sequence that the models take, oldest first: those of weight 0 (index/event.h) are
/// not among them. All lists have one entry per event, unless they say otherwise. A value.
struct ItemEvents {
  std::vector<ItemId> items;
  std::vector<float> weights;
  std::vector<double> times;              ///< seconds since 1970; NaN: unknown
  std::vector<double> touched;            ///< LogEvent::last_time()
  std::vector<std::size_t> places;        ///< in EventLog::events, rising
  std::vector<std::size_t> numbers;       ///< how many item events of any weight came before it
  std::vector<std::uint32_t> contexts;    ///< empty where none are known
  std::vector<std::size_t> texts_before;  ///< how many of `texts` came before it
  std::vector<std::uint32_t> texts;       ///< typed texts that are no items: index into EventLog::queries

  std::size_t size() const noexcept { return items.size(); }
  /// Forgets the events from `first` on.
  void keep(std::size_t first);
  /// Event `target` with what came before it. log, contexts: those it was made of.
  HeldOut hold_out(std::size_t target, const EventLog& log, const EventContexts& contexts) const;
};

/// The last event on a searchable item of a sequence that has at least 3 events in all; nothing where there
/// is none, or no event before it.
std::optional<std::size_t> last_target(const ItemEvents& events, const Catalogue& catalogue);

/// contexts: of the same log.
ItemEvents item_events(const EventLog& log, const Sequence& sequence, const EventContexts& contexts);

}  // namespace segue::index
