#pragma once

#include "index/catalogue.h"
#include "index/reindex/model_set.h"
#include "index/reindex/reindexer.h"
#include "index/snapshot/manifest.h"
#include "kernels/backend.h"

namespace segue::index {

/// The models that a request asks for, with the configuration's constants. Throws Error (kUsage) for a model
/// that does not exist, naming those that do.
TrainingPlan training_plan(const ReindexRequest& request);

/// Writes into the manifest what is known before training: items, events, configuration, seed, device,
/// threads.
void describe_request(const ReindexRequest& request, const ReindexReport& report, const Catalogue& catalogue,
                      const kernels::Backend& backend, std::size_t threads, Manifest& manifest);

}  // namespace segue::index
