#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "index/event.h"
#include "index/item.h"

namespace segue::index {

/// What the factorisation of explicit ratings learns from: who rated which item how, and who touched which
/// item without a rating.
struct RatingData {
  /// One user and one item.
  struct Cell {
    std::uint32_t item = 0;  ///< row of `items`
    float rating = 0;        ///< NaN: touched, not rated
    bool viewed = false;  ///< touched by an event without a rating, which stays when the rating is held back
  };

  std::vector<std::string> users;  ///< rising by their bytes; a session without a user counts by its name
  std::vector<ItemId> items;       ///< rising
  std::vector<std::size_t> offsets{0};  ///< cells of user u: [offsets[u], offsets[u + 1]), items rising
  std::vector<Cell> cells;
  std::size_t ratings = 0;  ///< cells with a rating

  std::span<const Cell> cells_of(std::size_t user) const {
    return {cells.data() + offsets[user], offsets[user + 1] - offsets[user]};
  }
};

/// Whether an event on an item has a rating.
bool has_ratings(const EventLog& log);

/// The ratings of a log, and its events without a rating that have a weight. Of several ratings of one item
/// by one user the newest counts: the later time, of equal or missing times the later place in the log.
/// left_out: by event of the log, nonzero for those that are not learned from; empty: none. Throws
/// std::invalid_argument for an infinite rating.
RatingData rating_data(const EventLog& log, std::span<const std::uint8_t> left_out = {});

/// A rating that is kept from training.
struct HeldRating {
  std::uint32_t user = 0;  ///< rows of the data
  std::uint32_t item = 0;
  float rating = 0;
};

struct RatingSplit {
  RatingData train;  ///< the same rows of users and items
  std::vector<HeldRating> held_out;
};

/// Holds back each rating with probability `share`, drawn from the seed. What was touched only by its rating
/// is then not touched at all.
RatingSplit hold_back_ratings(const RatingData& data, double share, std::uint64_t seed);

}  // namespace segue::index
