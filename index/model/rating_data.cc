#include "index/model/rating_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// One event that counts.
struct Touch {
  std::uint32_t user;
  ItemId item;
  float rating;  // NaN: none
  double time;   // minus infinity: none
  std::size_t place;
};

std::string_view owner_of(const EventLog& log, const Sequence& sequence) {
  return sequence.user == LogEvent::kNone ? std::string_view(sequence.key) : log.users[sequence.user];
}

std::vector<Touch> touches_of(const EventLog& log, std::span<const std::uint8_t> left_out,
                              const std::vector<std::string_view>& users) {
  std::vector<Touch> touches;
  for (const Sequence& sequence : log.sequences) {
    const auto user = static_cast<std::uint32_t>(
        std::lower_bound(users.begin(), users.end(), owner_of(log, sequence)) - users.begin());
    for (std::size_t e = sequence.begin; e < sequence.end; ++e) {
      const LogEvent& event = log.events[e];
      if (std::isinf(event.rating)) throw std::invalid_argument("a rating is infinite");
      const bool counts = !std::isnan(event.rating) || event.weight > 0;
      if (event.item == kNoItem || !counts || (!left_out.empty() && left_out[e] != 0)) continue;
      const double touched = event.last_time();
      const double time = std::isnan(touched) ? -std::numeric_limits<double>::infinity() : touched;
      touches.push_back({user, event.item, event.rating, time, e});
    }
  }
  std::sort(touches.begin(), touches.end(), [](const Touch& a, const Touch& b) {
    return std::tie(a.user, a.item, a.time, a.place) < std::tie(b.user, b.item, b.time, b.place);
  });
  return touches;
}

}  // namespace

bool has_ratings(const EventLog& log) {
  return std::any_of(log.events.begin(), log.events.end(), [](const LogEvent& event) {
    return event.item != kNoItem && !std::isnan(event.rating);
  });
}

RatingData rating_data(const EventLog& log, std::span<const std::uint8_t> left_out) {
  std::vector<std::string_view> names;
  for (const Sequence& sequence : log.sequences) names.push_back(owner_of(log, sequence));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::vector<Touch> touches = touches_of(log, left_out, names);

  RatingData data;
  for (const Touch& touch : touches) data.items.push_back(touch.item);
  std::sort(data.items.begin(), data.items.end());
  data.items.erase(std::unique(data.items.begin(), data.items.end()), data.items.end());

  for (std::size_t t = 0; t < touches.size();) {
    const std::uint32_t user = touches[t].user;
    data.users.emplace_back(names[user]);
    while (t < touches.size() && touches[t].user == user) {
      const ItemId item = touches[t].item;
      RatingData::Cell cell{
          static_cast<std::uint32_t>(std::lower_bound(data.items.begin(), data.items.end(), item) -
                                     data.items.begin()),
          std::numeric_limits<float>::quiet_NaN(), false};
      for (; t < touches.size() && touches[t].user == user && touches[t].item == item; ++t) {
        if (std::isnan(touches[t].rating)) {
          cell.viewed = true;
        } else {
          cell.rating = touches[t].rating;
        }
      }
      data.ratings += std::isnan(cell.rating) ? 0 : 1;
      data.cells.push_back(cell);
    }
    data.offsets.push_back(data.cells.size());
  }
  return data;
}

RatingSplit hold_back_ratings(const RatingData& data, double share, std::uint64_t seed) {
  RatingSplit split;
  split.train.users = data.users;
  split.train.items = data.items;
  RandomStream random(seed);
  for (std::size_t u = 0; u < data.users.size(); ++u) {
    for (RatingData::Cell cell : data.cells_of(u)) {
      const bool rated = !std::isnan(cell.rating);
      if (rated && random.uniform() < share) {
        split.held_out.push_back({static_cast<std::uint32_t>(u), cell.item, cell.rating});
        if (!cell.viewed) continue;
        cell.rating = std::numeric_limits<float>::quiet_NaN();
      } else {
        split.train.ratings += rated ? 1 : 0;
      }
      split.train.cells.push_back(cell);
    }
    split.train.offsets.push_back(split.train.cells.size());
  }
  return split;
}

}  // namespace segue::index
