#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "index/input/event_weights.h"
#include "index/input/events_reader.h"
#include "index/input/sequences.h"
#include "index/progress.h"

namespace segue::index {

/// How a log is parted into what models may learn from and what they are asked. An item event below is an
/// event with `item` and a weight above 0; sequences are those of index/input/sequences.h.
enum class SplitProtocol {
  /// The last item event of each sequence with at least 3 is a target. TRAIN: the events before it, and
  /// shorter sequences
  /// whole. TEST: the events before it and the target. What follows it (typed texts) is in neither.
  kLeaveOneOut,
  /// A moment parts the log. TRAIN: every event before it. TEST: the sequences with an item event at or after
  /// it that has an
  /// item event before it; each of those is a target, and the sequence ends with the last. Every event needs
  /// a time.
  kTime,
  /// A drawn share of the items is hidden. TRAIN: every event on other items, and typed texts. TEST: the
  /// sequences with an
  /// event on a hidden item after one on another; each of those is a target, and the sequence ends with the
  /// last.
  kColdItems,
  /// A drawn share of the pairs of a user (else a session) and an item that have a rating is hidden. TEST:
  /// their
  /// rated events, each a target. TRAIN: every other event, also one on such a pair that has no rating.
  kRating,
};

struct SplitOptions {
  SplitProtocol protocol = SplitProtocol::kLeaveOneOut;
  SequenceOptions sequences;
  /// An item event on the item of the item event before it is no target and does not count.
  bool drop_consecutive_repeats = false;
  EventWeights weights;  ///< an item event without weight is no target and does not count; not for kRating
  double share = 0.1;  ///< kTime: of the events, the latest, that lie at or after the moment; kColdItems: of
                       ///< the items; kRating: of the rated pairs
  std::optional<double> moment;  ///< kTime: the moment itself, seconds since 1970, instead of a share
  std::uint64_t seed = 1;        ///< kColdItems, kRating: of the draw, which depends on seed and ids alone
  bool skip_invalid = false;
};

struct SplitReport {
  EventsReport input;
  std::size_t sequences = 0;
  std::size_t test_sequences = 0;
  std::size_t targets = 0;
  std::size_t train_events = 0;
  std::size_t test_events = 0;
  std::size_t left_out = 0;      ///< events in neither file
  std::size_t hidden_items = 0;  ///< kColdItems
  std::optional<double> moment;  ///< kTime
};

struct SplitFiles {
  std::filesystem::path events;
  std::filesystem::path train;
  std::filesystem::path test;
};

/// Reads events twice (so it can be no pipe) and writes train and test in the order of events; lines are
/// copied as they are, but that targets get `"target": true`, and no other event keeps it. Needs about 50
/// bytes per event. progress may be null. Throws Error: kBadInput for the log, kUsage for a share outside (0,
/// 1), kResource for the outputs; neither output appears then.
SplitReport split_events(const SplitFiles& files, const SplitOptions& options, Progress* progress = nullptr);

}  // namespace segue::index
