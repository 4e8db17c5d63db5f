#pragma once

#include <memory>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/progress.h"
#include "index/reindex/phases.h"
#include "index/reindex/reindexer.h"

namespace segue::index {

/// The items and events of a request, read and checked.
struct ReindexInput {
  std::unique_ptr<Catalogue> catalogue;
  EventLog log;
  ContextVocabulary contexts;
  EventContexts event_contexts;
};

/// Reads them, a phase each. Counts and warnings go into the report. Throws Error: kUsage where there is
/// nothing to read, kBadInput that names file and line.
ReindexInput read_reindex_input(const ReindexRequest& request, ReindexReport& report, Phases& phases,
                                Progress& progress);

}  // namespace segue::index
