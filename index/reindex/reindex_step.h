#pragma once

#include <string_view>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/progress.h"
#include "index/snapshot/manifest.h"
#include "index/snapshot/staging.h"

namespace segue::index {

/// Work of a reindex that needs a rung above this one, for example search with the new snapshot's own text.
/// It runs when all other files are staged, may add files and manifest entries, and is registered by
/// integration/jobs.
class ReindexStep {
 public:
  virtual ~ReindexStep() = default;
  virtual std::string_view name() const = 0;  ///< of its phase
  /// Throws Error; then nothing is published.
  virtual void run(const Catalogue& catalogue, const EventLog& log, Staging& staging, Manifest& manifest,
                   Progress& progress) = 0;
};

}  // namespace segue::index
