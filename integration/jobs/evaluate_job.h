#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "index/model/count_classes.h"
#include "index/progress.h"
#include "index/reindex/bootstrap.h"
#include "index/reindex/evaluation.h"
#include "index/reindex/ranking_metrics.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"

namespace segue::integration {

/// Which events of a log are predicted, each from what comes before it in its sequence. In a log with marks,
/// as TEST of `segue split` has them, those that are marked.
enum class Protocol {
  kLeaveOneOut,  ///< without marks: the last event of each sequence of at least 3
  kNextEvent,    ///< without marks: all but the first of each sequence
  kColdItems,    ///< only marks, on items that `segue split` kept out of TRAIN
};

struct EvaluateRequest {
  std::filesystem::path events;
  Protocol protocol = Protocol::kLeaveOneOut;
  std::vector<std::string> models{"blend"};  ///< the others are compared with the first
  std::vector<index::RankingMetric> metrics;
  std::size_t negatives = 0;     ///< 0: all items are ranked
  std::uint64_t seed = 1;        ///< of the draw of negatives, and of the bootstrap
  std::size_t resamples = 1000;  ///< of the bootstrap; 0: no intervals
  std::vector<std::string> by;   ///< "length", "frequency": what the targets are parted by
  std::size_t threads = 0;       ///< 0: one per processor
  bool skip_invalid = false;
  /// How the log is cut; nothing: as the store's own log was.
  std::optional<std::string> session_gap;
  std::optional<std::string> sequence;
};

/// What targets are parted by.
struct TargetParts {
  std::string name;     ///< "length", "frequency"
  std::string meaning;  ///< "length of the session"
  index::CountClasses classes;
};

/// The figures of one model, in the order of the metrics asked for.
struct ModelFigures {
  std::string model;
  std::vector<double> values;
  /// 95 % percentile intervals over sequences; none for coverage and gini, which are no means. Empty without
  /// a bootstrap.
  std::vector<std::optional<index::Interval>> intervals;
  /// Of this model's value less the first one's, from the same resamples.
  std::vector<std::optional<index::Interval>> differences;
  std::vector<std::vector<index::EvaluationSlice>> slices;  ///< by what is asked for in `by`
};

struct EvaluateReport {
  std::string snapshot;
  std::string seen;        ///< the rule that was applied: "exclude", "include", "visit", "last:N"
  std::size_t events = 0;  ///< that were predicted
  std::vector<TargetParts> parts;
  std::vector<ModelFigures> models;  ///< in the order asked for
  std::vector<std::string> warnings;
};

/// Measures models of a snapshot on a log. Items of kind `query` are neither predicted nor ranked. Throws
/// Error: kBadInput for the log, for a model that the snapshot does not have, for a log without anything to
/// predict, and for events that the snapshot was trained on; kInterrupted through progress.
EvaluateReport evaluate(const index::Snapshot& snapshot, const index::SnapshotStore& store,
                        const EvaluateRequest& request, index::Progress& progress);

}  // namespace segue::integration
