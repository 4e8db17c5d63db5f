#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "index/progress.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"

namespace segue::integration {

struct RatingRequest {
  std::filesystem::path events;
  bool skip_invalid = false;
};

struct RatingReport {
  std::string snapshot;
  std::size_t events = 0;         ///< that were predicted
  double rmse = 0;                ///< root mean squared error, in units of the ratings
  double mae = 0;                 ///< mean absolute error
  std::size_t unknown_users = 0;  ///< of the events, those predicted without the user
  std::size_t unknown_items = 0;  ///< and those predicted without the item
  std::vector<std::string> warnings;
};

/// Predicts the rating of each rated event of a file by user (else session) and item with the factorisation
/// of explicit ratings; where `segue split` marked events as targets, of those alone. Throws Error: kBadInput
/// for the file, for one without a rating to predict, and for a snapshot without the model; kInterrupted
/// through progress.
RatingReport evaluate_ratings(const index::Snapshot& snapshot, const index::SnapshotStore& store,
                              const RatingRequest& request, index::Progress& progress);

}  // namespace segue::integration
