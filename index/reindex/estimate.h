#pragma once

#include "index/catalogue.h"
#include "index/config.h"
#include "index/event.h"
#include "index/reindex/model_set.h"
#include "kernels/backend.h"

namespace segue::index {

/// What a run would need, roughly (within a factor of two).
struct Estimate {
  double seconds = 0;
  double mib = 0;
};

/// From the counts of the data and a matrix product timed on this machine for a tenth of a second.
Estimate estimate_reindex(const EventLog& log, const Catalogue& catalogue, const TrainingPlan& plan,
                          const Config& config, const kernels::Backend& backend, std::size_t threads);

}  // namespace segue::index
