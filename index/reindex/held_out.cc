#include "index/reindex/held_out.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <span>
#include <utility>

#include "index/model/rating_data.h"
#include "index/reindex/item_events.h"

namespace segue::index {
namespace {

void append(TrainingData& data, const ItemEvents& events) {
  if (events.items.empty()) return;
  data.append(events.items, events.weights);
  data.times.insert(data.times.end(), events.times.begin(), events.times.end());
  data.contexts.insert(data.contexts.end(), events.contexts.begin(), events.contexts.end());
}

/// Times that are nowhere known are no list.
void forget_unknown_times(TrainingData& data) {
  if (std::all_of(data.times.begin(), data.times.end(), [](double time) { return std::isnan(time); }))
    data.times = {};
}

std::shared_ptr<const RatingData> ratings_of(const EventLog& log, std::span<const std::uint8_t> left_out) {
  if (!has_ratings(log)) return nullptr;
  auto ratings = std::make_shared<RatingData>(rating_data(log, left_out));
  return ratings->ratings > 0 ? std::move(ratings) : nullptr;
}

}  // namespace

TrainingData all_events(const EventLog& log, std::size_t item_count, const EventContexts& contexts) {
  TrainingData data;
  data.item_count = item_count;
  data.sets = contexts.sets;
  for (const Sequence& sequence : log.sequences) append(data, item_events(log, sequence, contexts));
  forget_unknown_times(data);
  data.ratings = ratings_of(log, {});
  return data;
}

std::vector<HeldOut> measured_sample(std::span<const HeldOut> held_out, std::size_t most) {
  const std::size_t half = (held_out.size() + 1) / 2;
  const std::size_t count = std::min(half, most);
  std::vector<HeldOut> sample;
  for (std::size_t i = 0; i < count; ++i) sample.push_back(held_out[2 * (i * half / count)]);
  return sample;
}

ValidationSplit hold_back(const EventLog& log, const Catalogue& catalogue, std::size_t most,
                          std::uint64_t seed, const EventContexts& contexts) {
  std::vector<std::size_t> eligible;
  for (std::size_t s = 0; s < log.sequences.size(); ++s) {
    if (last_target(item_events(log, log.sequences[s], {}), catalogue)) eligible.push_back(s);
  }
  if (eligible.size() > most) {
    std::mt19937_64 random(seed);
    // Fisher-Yates by hand: std::shuffle may differ between libraries, and the seed has to mean the same
    // everywhere.
    for (std::size_t i = 0; i < most; ++i)
      std::swap(eligible[i], eligible[i + random() % (eligible.size() - i)]);
    eligible.resize(most);
    std::sort(eligible.begin(), eligible.end());
  }

  ValidationSplit split;
  split.train.item_count = catalogue.size();
  std::vector<std::uint8_t> left_out(log.events.size());
  split.train.sets = contexts.sets;
  auto next = eligible.begin();
  for (std::size_t s = 0; s < log.sequences.size(); ++s) {
    ItemEvents events = item_events(log, log.sequences[s], contexts);
    if (next != eligible.end() && *next == s) {
      ++next;
      const std::size_t target = *last_target(events, catalogue);
      // What follows the target is in neither part, either.
      std::fill(left_out.begin() + static_cast<std::ptrdiff_t>(events.places[target]),
                left_out.begin() + static_cast<std::ptrdiff_t>(log.sequences[s].end), std::uint8_t{1});
      split.held_out.push_back(events.hold_out(target, log, contexts));
      events.keep(target);
    }
    append(split.train, events);
  }
  split.train.ratings = ratings_of(log, left_out);
  forget_unknown_times(split.train);
  return split;
}

}  // namespace segue::index
