#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/snapshot/snapshot.h"

namespace segue::query {

/// How many of the most popular items compete.
inline constexpr std::size_t kDiversified = 200;

/// The space in which hits are alike: what items say, else where behaviour put them, else vectors that came
/// with them; null when the snapshot has none.
const index::VectorIndex* likeness_space(const index::Snapshot& snapshot);

/// Popular items with fewer twins among them, by maximal marginal relevance (Carbonell and Goldstein, SIGIR
/// 1998): again and again the item with the best
///
///   score(i) = log-popularity(i) + ln(1 - share) * max over those above it of max(0, cos(i, j))
///
/// follows, so that an item that says the same as one above it counts as if `share` of its events were not
/// there. What is chosen later scores less, so the result is again by (falling score, rising item).
///
/// popular: by (falling score, rising item). The first kDiversified compete for the first 50 places; the
/// others of them follow by their scores beside those 50, and what comes after them loses ln(1 - share) as a
/// whole, which keeps it behind them. So the head does not depend on how many are asked for, and the cost is
/// bounded. share: from 0, which changes nothing, to below 1. Items without a vector are like none.
std::vector<index::ScoredItem> diversify(std::vector<index::ScoredItem> popular, double share,
                                         const index::VectorIndex& vectors);

}  // namespace segue::query
