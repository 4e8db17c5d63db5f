#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "index/progress.h"
#include "index/reindex/reindexer.h"
#include "index/reindex/search_range.h"
#include "index/reindex/successive_halving.h"
#include "index/reindex/trial_log.h"

namespace segue::index {

/// What `segue tune` is asked to do.
struct TuneRequest {
  ReindexRequest data;  ///< items, events, configuration, models, seed, threads; the store is not used
  std::vector<SearchRange> ranges;  ///< at least one
  std::string model = "blend";      ///< whose NDCG@10 decides: a model's name, or the blend of all
  HalvingOptions halving;
  std::filesystem::path trials;  ///< the log, by which a search goes on where it was
};

struct TuneReport {
  std::vector<Trial> trials;  ///< all, in the order in which they ran
  Trial best;
  Trial base;          ///< number 0 on the same rung
  Config config;       ///< of the best
  std::size_t events;  ///< held-back sequences that a trial was measured on
  std::vector<std::string> warnings;
};

/// Looks for constants with which the models predict held-back events better: successive halving over the
/// named ranges. Deterministic for a seed but for the number of trials that the time allows. Throws Error: as
/// reindex() does for its input; kBadInput for a log with fewer than gate.min_events sequences to predict,
/// and for the trials of another search; kUsage for a model that is not trained; kInterrupted through
/// progress (the trials stay).
TuneReport tune(const TuneRequest& request, Progress& progress);

}  // namespace segue::index
