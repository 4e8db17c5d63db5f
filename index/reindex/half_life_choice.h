#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "index/catalogue.h"
#include "index/model/half_life.h"
#include "index/model/training_data.h"

namespace segue::index {

/// A half-life and how well popularity foresaw the log with it.
struct HalfLifeTrial {
  HalfLife half_life;
  double ndcg = 0;  ///< NDCG@10 of the newest events
};

struct HalfLifeChoice {
  HalfLife half_life;
  std::vector<HalfLifeTrial> trials;  ///< no fading first; empty: there was nothing to measure on
};

/// none, 180d, 90d, 30d, 14d, 7d, 3d, 1d
std::span<const HalfLife> half_life_candidates();

/// Replays the newest fifth of the log in twenty slices of as many events each: the events of each are
/// predicted by the popularity of all that came before the slice, for each candidate shorter than the log;
/// which is what a visitor of whom nothing is known gets between two reindexes. (Events held back by sequence
/// lie all over the log, where its newest moment is the future, so they cannot tell.) The best is taken,
/// where it is ahead of no fading by more than two standard errors over the slices. data without times, or
/// with less than a hundred events to predict: no fading.
HalfLifeChoice choose_half_life(const TrainingData& data, const Catalogue& catalogue);

/// [{"half_life": "none", "ndcg@10": ...}, ...] for the manifest.
nlohmann::json trials_json(const HalfLifeChoice& choice);

}  // namespace segue::index
