#pragma once

#include "index/catalogue.h"
#include "index/config.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/reindex/model_set.h"
#include "index/reindex/phases.h"
#include "index/snapshot/manifest.h"
#include "index/snapshot/staging.h"

namespace segue::index {

/// All that goes into a snapshot; references are valid for the call.
struct SnapshotParts {
  const Catalogue& catalogue;
  const EventLog& log;
  const ContextVocabulary& contexts;
  const EventContexts& event_contexts;  ///< of the log
  const ModelSet& models;
  const TrainingPlan& plan;
  const Config& config;
  Phases& phases;
  Progress& progress;
};

/// Writes items, models, vectors, text, suggestions and sessions of users to the staging folder, a phase
/// each, and names the models in the manifest. Throws Error (kResource).
void write_snapshot(const SnapshotParts& parts, Staging& staging, Manifest& manifest);

}  // namespace segue::index
