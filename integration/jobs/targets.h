#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/model/training_data.h"
#include "index/reindex/sequence_digest.h"
#include "integration/jobs/evaluate_job.h"

namespace segue::integration {

/// What a protocol predicts.
struct Targets {
  std::vector<index::HeldOut> held_out;
  std::vector<std::uint32_t> sequence_of;  ///< of each: which of the sequences that have one
  std::size_t trained = 0;                 ///< of these, events that the models were trained on
  /// Marked events left out: a query, the first of its sequence, or without weight.
  std::size_t not_ranked = 0;
};

/// The events of a log that a protocol predicts, with the item events before each. Marks stand above
/// the protocol: what `segue split` chose is predicted and nothing else. Without them, leave-one-out predicts
/// the last event on a searchable item of each sequence that has at least 3 of them, as `segue split` does.
/// Events without weight (of an action of weight 0, rated below events.min_rating) are neither predicted nor
/// predicted from: no model takes them. trained may be null; contexts are of the same log.
Targets find_targets(const index::EventLog& log, const index::Catalogue& catalogue, Protocol protocol,
                     const index::TrainedSequences* trained, const index::EventContexts& contexts = {});

}  // namespace segue::integration
