#include "integration/jobs/evaluate_job.h"

#include <cmath>
#include <filesystem>

#include "index/config.h"
#include "index/input/events_reader.h"
#include "index/input/sessionise.h"
#include "index/reindex/evaluation.h"
#include "index/reindex/sequence_digest.h"
#include "integration/jobs/targets.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"

namespace segue::integration {
namespace {

/// [events] of the configuration that the snapshot was made with, so that its log and this one are cut alike.
index::Config::Events events_config(const index::Manifest& manifest, const EvaluateRequest& request) {
  index::Config::Events events;
  const nlohmann::json stored = manifest.config.value("events", nlohmann::json::object());
  const auto take = [&](const char* key, auto& value) {
    const auto found = stored.find(key);
    if (found != stored.end() && !found->is_null()) found->get_to(value);
  };
  try {
    take("session_gap", events.session_gap);
    take("sequence", events.sequence);
    take("drop_consecutive_repeats", events.drop_consecutive_repeats);
    take("min_rating", events.min_rating);
    take("actions", events.actions);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamagedStore, std::string("`config.events`: ") + error.what(),
                manifest.id + "/manifest.json", "build the snapshot again with `segue reindex`");
  }
  if (request.session_gap) events.session_gap = *request.session_gap;
  if (request.sequence) events.sequence = *request.sequence;
  return events;
}

index::EventLog read_log(const index::Snapshot& snapshot, const EvaluateRequest& request,
                         EvaluateReport& report, index::Progress& progress) {
  index::EventsReader reader(request.events, {.skip_invalid = request.skip_invalid});
  index::Sessioniser sessioniser(snapshot.catalogue(),
                                 index::session_options(events_config(snapshot.manifest(), request)));
  index::EventLog log = index::sessionise(reader, sessioniser, &progress);
  for (const std::string& warning : reader.report().warnings()) report.warnings.push_back(warning);
  for (const std::string& warning : sessioniser.report().warnings()) report.warnings.push_back(warning);
  return log;
}

/// What the snapshot was trained on; empty for one that holds no such list.
std::optional<index::TrainedSequences> trained_sequences(const index::Snapshot& snapshot,
                                                         const index::SnapshotStore& store) {
  const std::string name(index::TrainedSequences::kFile);
  if (!snapshot.manifest().files.contains(name)) return std::nullopt;
  return index::TrainedSequences::open(store.path_of(snapshot.id()) / name);
}

index::Scorer scorer(const index::Snapshot& snapshot, const std::string& name) {
  if (name == "blend" && snapshot.blend() != nullptr) return index::scorer_of(*snapshot.blend());
  if (const index::SessionModel* model = snapshot.model(name)) return index::scorer_of(*model);
  std::string known = snapshot.blend() != nullptr ? "blend" : "";
  for (const std::string& other : snapshot.model_names()) known += (known.empty() ? "" : ", ") + other;
  throw Error(ErrorKind::kBadInput, "this store has no model `" + name + "`", "--model",
              known.empty() ? "it was built without events" : "it has " + known);
}

void require_targets(const Targets& targets, const EvaluateRequest& request) {
  if (targets.trained > 0) {
    throw Error(ErrorKind::kBadInput,
                "the store was trained on " + std::to_string(targets.trained) + " of the " +
                    std::to_string(targets.held_out.size()) +
                    " events to predict, so the figures would mean nothing",
                request.events.string(),
                "part the log with `segue split`, run `segue reindex` on its TRAIN and evaluate on its TEST");
  }
  if (!targets.held_out.empty()) return;
  if (request.protocol == Protocol::kColdItems) {
    throw Error(ErrorKind::kBadInput, "no event is marked as the target of a prediction",
                request.events.string(), "`segue split --protocol cold-items` writes such a file");
  }
  throw Error(ErrorKind::kBadInput, "no sequence has an event to predict", request.events.string(),
              "sequences need at least 3 events on items of the store (2 with --protocol next-event)");
}

}  // namespace

EvaluateReport evaluate(const index::Snapshot& snapshot, const index::SnapshotStore& store,
                        const EvaluateRequest& request, index::Progress& progress) {
  EvaluateReport report;
  report.snapshot = snapshot.id();
  report.seen = index::to_string(snapshot.seen());
  const index::Scorer score = scorer(snapshot, request.model);

  progress.phase("events");
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::EventLog log = read_log(snapshot, request, report, progress);
  const auto trained = trained_sequences(snapshot, store);
  const index::EventContexts contexts = index::event_contexts(log, snapshot.contexts());
  const Targets targets =
      find_targets(log, catalogue, request.protocol, trained ? &*trained : nullptr, contexts);
  require_targets(targets, request);
  if (targets.not_ranked > 0) {
    report.warnings.push_back(
        (targets.not_ranked == 1 ? "1 event was" : std::to_string(targets.not_ranked) + " events were") +
        " not predicted: items of kind `query`, or nothing comes before them");
  }
  report.events = targets.held_out.size();

  progress.phase("evaluate " + request.model);
  kernels::ThreadPool pool(request.threads);
  const index::Evaluator evaluator(catalogue.searchable(), pool, progress);
  index::EvaluationOptions options;
  options.metrics = request.metrics;
  options.seen = snapshot.seen();
  options.negatives = request.negatives;
  options.seed = request.seed;
  const index::Evaluation evaluation = evaluator.evaluate(score, targets.held_out, options);
  for (std::size_t m = 0; m < request.metrics.size(); ++m)
    report.metrics.emplace_back(request.metrics[m].name(), evaluation.values[m]);
  return report;
}

}  // namespace segue::integration
