#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "index/reindex/search_range.h"
#include "index/reindex/trial_log.h"

namespace segue::index {

/// How a search spends its time.
struct HalvingOptions {
  double budget_seconds = 600;  ///< of all trials together, those of earlier runs of the search included
  std::size_t rungs = 3;        ///< each with `reduction` times the data of the one below, the last with all
  std::size_t reduction = 3;    ///< one of so many goes on to the next rung
  std::size_t max_points = 1000;
  std::uint64_t seed = 1;
};

/// What comes next: a point, by its number, on a rung.
struct NextTrial {
  std::size_t number = 0;
  std::size_t rung = 0;
};

/// Successive halving (Jamieson and Talwalkar, AISTATS 2016) within a budget of time: many points on a small
/// share of the data, the best of them on more, few on all of it. Each rung may use its equal part of the
/// budget and what those below left over; on the lowest, points are drawn as long as its time lasts. The
/// configuration that the search began with (number 0) stands on every rung, so that what wins has beaten it
/// on all of the data.
///
/// A pure function of the trials so far, which makes a search resumable: nothing when it is over.
std::optional<NextTrial> next_trial(const HalvingOptions& options, const std::vector<Trial>& done);

/// The share of the training sequences that a rung learns from.
double share_of(const HalvingOptions& options, std::size_t rung);

/// The points of a search by their number: the configuration it begins with (no values) and then distinct
/// ones that differ from it, drawn from the seed alone. At most 1 + max_points, fewer where the ranges hold
/// no more.
std::vector<SearchPoint> points_of(const HalvingOptions& options, const std::vector<SearchRange>& ranges,
                                   const Config& base);

/// The best trial of the highest rung that has one beside number 0, or number 0's where it is as good; null
/// without trials.
const Trial* best_trial(const std::vector<Trial>& done);

}  // namespace segue::index
