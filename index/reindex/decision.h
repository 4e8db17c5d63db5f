#pragma once

#include <cstddef>
#include <optional>

#include "index/event.h"
#include "index/reindex/gate.h"
#include "index/reindex/held_out.h"
#include "index/reindex/model_set.h"
#include "index/reindex/reindex_input.h"
#include "index/reindex/reindexer.h"
#include "index/reindex/serving_gate.h"
#include "index/snapshot/manifest.h"

namespace segue::index {

/// The time of the newest event that models learn from, where the log has times.
std::optional<double> newest_event(const EventLog& log);

/// Writes what a validation decided and measured into the manifest.
void describe_validation(const Validation& validation, Manifest& manifest);

/// Where models cannot be compared: says so in the manifest and the report, with why. A snapshot whose models
/// were measured is not replaced by one whose models were not: throws Error (kGateRefused) unless forced.
void skip_gate(const std::string& why, const ReindexRequest& request, Manifest& manifest,
               ReindexReport& report);

/// The weights that are published in place of those that were compared.
void describe_refit(const RefittedBlend& refitted, Manifest& manifest);

/// The new blend beside the snapshot that serves; nothing where there is none, or it cannot be opened, which
/// a warning says: a damaged one is a reason to publish, not to refuse.
std::optional<ServingComparison> compare_with_store(const ReindexRequest& request, const ModelSet& models,
                                                    const ValidationSplit& split, const ReindexInput& input,
                                                    const Validation& validation,
                                                    TrainingEnvironment& environment, ReindexReport& report);

/// Says in manifest and report that the gate is passed, or is forced by the request. Throws Error
/// (kGateRefused) otherwise.
void decide(const Validation& validation, const std::optional<ServingComparison>& serving,
            const ReindexRequest& request, Manifest& manifest, ReindexReport& report);

}  // namespace segue::index
