#include "integration/jobs/evaluate_job.h"

#include <cmath>
#include <filesystem>
#include <span>
#include <utility>

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

/// marked: whether the file marks targets.
void require_targets(const Targets& targets, bool marked, const EvaluateRequest& request) {
  if (!targets.held_out.empty()) {
    if (targets.trained == 0) return;
    throw Error(ErrorKind::kBadInput,
                "the store was trained on " + std::to_string(targets.trained) + " of the " +
                    std::to_string(targets.held_out.size()) +
                    " events to predict, so the figures would mean nothing",
                request.events.string(),
                "part the log with `segue split`, run `segue reindex` on its TRAIN and evaluate on its TEST");
  }
  if (marked) {
    throw Error(ErrorKind::kBadInput, "none of the events that are marked as targets can be predicted",
                request.events.string(),
                "their items are not in the store, nothing comes before them, they repeat the event before "
                "them or have no weight; part the log with the configuration of the store");
  }
  if (request.protocol == Protocol::kColdItems) {
    throw Error(ErrorKind::kBadInput, "no event is marked as the target of a prediction",
                request.events.string(), "`segue split --protocol cold-items` writes such a file");
  }
  throw Error(ErrorKind::kBadInput, "no sequence has an event to predict", request.events.string(),
              "sequences need at least 3 events on items of the store (2 with --protocol next-event)");
}

/// What targets are parted by, and the class of each.
struct PartedTargets {
  std::vector<TargetParts> parts;
  std::vector<std::vector<std::size_t>> classes;
};

PartedTargets part_targets(const std::vector<std::string>& by, const Targets& targets,
                           std::span<const float> events) {
  PartedTargets parted;
  for (const std::string& name : by) {
    const bool length = name == "length";
    TargetParts parts{name, length ? "length of the session" : "events of the item in training",
                      length ? index::session_length_classes() : index::item_frequency_classes()};
    std::vector<std::size_t>& classes = parted.classes.emplace_back();
    for (const index::HeldOut& one : targets.held_out) {
      classes.push_back(parts.classes.of(length ? static_cast<double>(one.prefix.size())
                                                : static_cast<double>(events[one.target])));
    }
    parted.parts.push_back(std::move(parts));
  }
  return parted;
}

/// Intervals of the model's means, and of their differences from the first model's.
void add_intervals(const index::Evaluation& evaluation, const index::Evaluation& first,
                   const Targets& targets, const EvaluateRequest& request, kernels::ThreadPool& pool,
                   ModelFigures& figures) {
  std::vector<std::vector<double>> rows;
  for (std::size_t m = 0; m < request.metrics.size(); ++m) {
    if (!request.metrics[m].is_mean()) continue;
    rows.push_back(evaluation.by_target[m]);
    std::vector<double>& difference = rows.emplace_back(evaluation.by_target[m]);
    for (std::size_t t = 0; t < difference.size(); ++t) difference[t] -= first.by_target[m][t];
  }
  const auto intervals =
      index::bootstrap_means(rows, targets.sequence_of, {request.resamples, request.seed}, pool);
  auto next = intervals.begin();
  for (const index::RankingMetric& metric : request.metrics) {
    const bool is_mean = metric.is_mean();
    figures.intervals.push_back(is_mean ? std::optional(*next++) : std::nullopt);
    figures.differences.push_back(is_mean ? std::optional(*next++) : std::nullopt);
  }
}

}  // namespace

EvaluateReport evaluate(const index::Snapshot& snapshot, const index::SnapshotStore& store,
                        const EvaluateRequest& request, index::Progress& progress) {
  EvaluateReport report;
  report.snapshot = snapshot.id();
  report.seen = index::to_string(snapshot.seen());
  std::vector<index::Scorer> scorers;
  for (const std::string& model : request.models) scorers.push_back(scorer(snapshot, model));

  progress.phase("events");
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::EventLog log = read_log(snapshot, request, report, progress);
  const auto trained = trained_sequences(snapshot, store);
  const index::EventContexts contexts = index::event_contexts(log, snapshot.contexts());
  const Targets targets =
      find_targets(log, catalogue, request.protocol, trained ? &*trained : nullptr, contexts);
  require_targets(targets, log.marked, request);
  if (targets.not_ranked > 0) {
    report.warnings.push_back(
        (targets.not_ranked == 1 ? "1 event was" : std::to_string(targets.not_ranked) + " events were") +
        " not predicted: items of kind `query`, events without weight, or nothing comes before them");
  }
  report.events = targets.held_out.size();

  PartedTargets parted = part_targets(request.by, targets, snapshot.item_events());

  kernels::ThreadPool pool(request.threads);
  const index::Evaluator evaluator(catalogue.searchable(), pool, progress);
  index::EvaluationOptions options;
  options.metrics = request.metrics;
  options.seen = snapshot.seen();
  options.negatives = request.negatives;
  options.seed = request.seed;
  options.events = snapshot.item_events();
  index::Evaluation first;
  for (std::size_t i = 0; i < request.models.size(); ++i) {
    progress.phase("evaluate " + request.models[i]);
    index::Evaluation evaluation = evaluator.evaluate(scorers[i], targets.held_out, options);
    ModelFigures& figures = report.models.emplace_back();
    figures.model = request.models[i];
    figures.values = evaluation.values;
    for (const auto& classes : parted.classes) figures.slices.push_back(index::slice(evaluation, classes));
    if (request.resamples > 0) {
      add_intervals(evaluation, i == 0 ? evaluation : first, targets, request, pool, figures);
    }
    if (i == 0) first = std::move(evaluation);
  }
  report.parts = std::move(parted.parts);
  return report;
}

}  // namespace segue::integration
