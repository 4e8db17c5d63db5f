#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "index/config.h"
#include "index/progress.h"
#include "index/reindex/gate.h"
#include "index/reindex/reindex_step.h"
#include "index/snapshot/manifest.h"
#include "kernels/device.h"

namespace segue::index {

/// What `segue reindex` is asked to do.
struct ReindexRequest {
  std::filesystem::path items;   ///< empty: the ids of the events
  std::filesystem::path events;  ///< empty: items alone
  std::filesystem::path store;
  std::filesystem::path import_weights;  ///< a Transformer to start from, or to serve as it is; empty: none
  std::filesystem::path import_vectors;  ///< vectors of items of an outside model; empty: none
  Config config;
  std::vector<std::string> models;  ///< empty: all that the data allows
  kernels::Device device = kernels::Device::kAuto;
  std::uint64_t seed = 1;
  std::size_t threads = 0;            ///< 0: one per processor
  std::filesystem::path checkpoints;  ///< a folder in which long trainings write where they are, and from
                                      ///< which the same run goes on; empty: none. Emptied of them by the end
  std::filesystem::path plot;  ///< an SVG of the learning curves, also when the gate refuses; empty: none
  bool skip_invalid = false;
  bool last_wins = false;
  bool dry_run = false;  ///< validate and estimate, write nothing
  bool force = false;    ///< publish even when the gate refuses, and say so in the manifest
  std::vector<ReindexStep*>
      steps;  ///< what rungs above add to a snapshot before it is published, in this order
};

struct ReindexReport {
  std::string snapshot;                       ///< empty after a dry run
  std::map<std::string, std::size_t> counts;  ///< lines read, items, events, sequences, skipped and why
  std::vector<std::string> warnings;
  std::vector<Manifest::Phase> phases;
  std::vector<EvaluationRow> evaluation;
  std::string gate;                     ///< "passed", "skipped: ...", "forced: ..."
  std::map<std::string, double> blend;  ///< weight per model
  std::string seen;                     ///< "include", "exclude", "visit", "last:N"
  std::vector<LearningCurve> curves;    ///< of the validation's trainings, then of those on all events
  double estimated_seconds = 0;         ///< of a dry run
  double estimated_mib = 0;
};

/// Turns logs into a published snapshot: validate, sessionise, train, evaluate, gate, refit, build, publish.
/// Killed or interrupted at any point, the store is as it was. Throws Error: kBadInput for the input,
/// kResource (a lock, disk, memory, device), kGateRefused, kInterrupted.
ReindexReport reindex(const ReindexRequest& request, Progress& progress);

}  // namespace segue::index
