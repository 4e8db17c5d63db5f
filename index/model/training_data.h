#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"
#include "index/model/context_sets.h"
#include "index/model/session_view.h"

namespace segue::index {

struct RatingData;

/// What models learn from: sequences of items, flattened, and the catalogue's size. Sequence s is
/// items[offsets[s] .. offsets[s + 1]), oldest first; the other lists have one entry per item event, or none
/// at all where nothing is known.
struct TrainingData {
  std::size_t item_count = 0;
  std::vector<std::size_t> offsets{0};
  std::vector<ItemId> items;
  std::vector<float> weights;           ///< always known
  std::vector<double> times;            ///< seconds since 1970, NaN where unknown
  std::vector<std::uint32_t> contexts;  ///< numbers of `sets`
  std::shared_ptr<const ContextSets> sets;
  std::shared_ptr<const RatingData> ratings;  ///< null: the events have none

  std::size_t sequences() const { return offsets.size() - 1; }
  std::span<const ItemId> sequence(std::size_t s) const {
    return {items.data() + offsets[s], offsets[s + 1] - offsets[s]};
  }
  std::span<const float> sequence_weights(std::size_t s) const {
    return {weights.data() + offsets[s], offsets[s + 1] - offsets[s]};
  }
  /// One more sequence of which times and contexts are not known; only for data that has none.
  void append(std::span<const ItemId> sequence_items, std::span<const float> sequence_weights) {
    items.insert(items.end(), sequence_items.begin(), sequence_items.end());
    weights.insert(weights.end(), sequence_weights.begin(), sequence_weights.end());
    offsets.push_back(items.size());
  }
  /// Sequence s of other data, with all that is known of it; only for data that shares its `sets`.
  void append(const TrainingData& other, std::size_t s) {
    const auto copy = [&](const auto& from, auto& to) {
      if (from.empty()) return;
      to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(other.offsets[s]),
                from.begin() + static_cast<std::ptrdiff_t>(other.offsets[s + 1]));
    };
    copy(other.items, items);
    copy(other.weights, weights);
    copy(other.times, times);
    copy(other.contexts, contexts);
    offsets.push_back(items.size());
  }
};

/// A sequence of which the last event is to be predicted from the events before it.
struct HeldOut {
  std::vector<ItemId> prefix;  ///< oldest first, at least one
  ItemId target = kNoItem;
  std::vector<std::uint32_t> contexts{};       ///< of the prefix, numbers of `sets`; or empty
  std::uint32_t request = ContextSets::kNone;  ///< of the target
  std::shared_ptr<const ContextSets> sets{};
  std::vector<std::string> texts{};  ///< typed before the target, no items
  std::vector<double> times{};       ///< of the prefix, seconds since 1970, NaN: unknown; or empty
  double time = std::numeric_limits<double>::quiet_NaN();  ///< of the target

  /// Valid as long as this is.
  SessionView view() const {
    SessionView session(prefix);
    session.times = times;
    session.now = time;
    session.contexts = contexts;
    session.request = request;
    session.sets = sets.get();
    session.texts = texts;
    return session;
  }
};

}  // namespace segue::index
