#pragma once

#include <span>
#include <string>

#include "index/reindex/gate.h"
#include "index/reindex/model_set.h"
#include "index/snapshot/manifest.h"

namespace segue::index {

/// Says in manifest.training["neighbours"]["best"] which kind of neighbours the name `neighbours` means in
/// queries: of those in `models`, the one with the best NDCG@10 in the evaluation `table`; where nothing was
/// evaluated, session, item, user in this order. Says nothing when there are none.
void choose_neighbours(const ModelSet& models, std::span<const EvaluationRow> table, Manifest& manifest);

}  // namespace segue::index
