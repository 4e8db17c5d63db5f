#include "index/reindex/decision.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/model/count_classes.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

nlohmann::json slices_json(const CountClasses& classes, std::span<const EvaluationSlice> slices) {
  nlohmann::json list = nlohmann::json::array();
  for (const EvaluationSlice& slice : slices) {
    nlohmann::json entry = {{"from", classes.starts[slice.of]}, {"events", slice.events}};
    for (std::size_t m = 0; m < slice.values.size(); ++m) entry[slice_metrics()[m].name()] = slice.values[m];
    list.push_back(std::move(entry));
  }
  return list;
}

nlohmann::json newcomers_json(const NewcomerChoice& newcomers) {
  return {{"cost", newcomers.cost},
          {"targets", newcomers.targets},
          {"ndcg@10", newcomers.ndcg},
          {"others",
           {{"hr@10", newcomers.others.hr},
            {"hr@10 without", newcomers.without.hr},
            {"ndcg@10", newcomers.others.ndcg},
            {"ndcg@10 without", newcomers.without.ndcg}}}};
}

void set_blend(const BlendWeights& weights, Manifest& manifest) {
  manifest.blend.clear();
  for (std::size_t m = 0; m < weights.models.size(); ++m)
    manifest.blend[weights.models[m]] = weights.weights[m];
  manifest.blend_offsets = blend_offsets(weights);
}

}  // namespace

std::optional<double> newest_event(const EventLog& log) {
  std::optional<double> newest;
  for (const LogEvent& event : log.events) {
    const double time = event.last_time();
    if (event.item == kNoItem || event.weight <= 0 || std::isnan(time)) continue;
    newest = std::max(newest.value_or(time), time);
  }
  return newest;
}

void describe_validation(const Validation& validation, Manifest& manifest) {
  manifest.seen = to_string(validation.seen);
  set_blend(validation.blend, manifest);
  nlohmann::json& evaluation = manifest.evaluation;
  evaluation["blend_method"] = validation.method;
  evaluation["blend_error"] = validation.table.back().error;
  for (const EvaluationRow& row : validation.table) evaluation["models"][row.model] = row.metrics;
  evaluation["by"] = {{"length", slices_json(session_length_classes(), validation.by_length)},
                      {"frequency", slices_json(item_frequency_classes(), validation.by_frequency)}};
  if (validation.newcomers) evaluation["new_items"] = newcomers_json(*validation.newcomers);
  evaluation["sequences"] = validation.table.front().events;
  evaluation["fitted_on"] = validation.fitted_on;
}

void skip_gate(const std::string& why, const ReindexRequest& request, Manifest& manifest,
               ReindexReport& report) {
  report.gate = "skipped: " + why;
  manifest.gate = {{"result", "skipped"}, {"reason", report.gate}};
  if (request.events.empty()) return;  // text, vectors and suggestions alone, by request
  const SnapshotStore store(request.store);
  const auto serving = store.current();
  if (!serving || !store.open_manifest(*serving).evaluation.contains("models")) return;
  const std::string reason =
      why + ", and the models of the snapshot that serves, " + *serving + ", were measured";
  if (!request.force) {
    throw Error(ErrorKind::kGateRefused, reason, request.store.string(),
                "look at the log, or publish anyway with --force");
  }
  report.gate = "forced: " + reason;
  manifest.gate = {{"result", "forced"}, {"reason", reason}};
}

void describe_refit(const RefittedBlend& refitted, Manifest& manifest) {
  set_blend(refitted.weights, manifest);
  nlohmann::json& refit = manifest.evaluation["blend_refit"];
  refit = {{"sequences", refitted.sequences}, {"method", refitted.method}};
  if (refitted.newcomers) refit["new_items"] = newcomers_json(*refitted.newcomers);
}

std::optional<ServingComparison> compare_with_store(const ReindexRequest& request, const ModelSet& models,
                                                    const ValidationSplit& split, const ReindexInput& input,
                                                    const Validation& validation,
                                                    TrainingEnvironment& environment, ReindexReport& report) {
  const SnapshotStore store(request.store);
  std::shared_ptr<const Snapshot> serving;
  try {
    const auto id = store.current();
    if (!id) return std::nullopt;
    serving = Snapshot::open(store, *id, environment.backend);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    report.warnings.push_back(std::string("nothing was compared with the snapshot that serves: ") +
                              error.what());
    return std::nullopt;
  }
  std::vector<const SessionModel*> parts = models.parts();
  parts.push_back(models.popularity.get());
  const Blend blend(validation.blend, parts, models.popularity->counts());
  const std::vector<HeldOut> half = half_of(split.held_out, 1);
  const EvaluationRow& row = validation.table.back();
  // Each is asked in the contexts that it knows itself.
  std::vector<HeldOut> as_serving_knows = half;
  if (!serving->contexts().empty() || !input.contexts.empty()) {
    const ValidationSplit same =
        hold_back(input.log, *input.catalogue, request.config.evaluation.max_sequences, request.seed,
                  event_contexts(input.log, serving->contexts()));
    as_serving_knows = half_of(same.held_out, 1);
  }
  const NewBlend fresh{environment.catalogue,     blend,    validation.seen, half, as_serving_knows,
                       row.metrics.at("ndcg@10"), row.error};
  return compare_with_serving(*serving, fresh, {request.config.gate.margin, request.config.gate.min_events},
                              environment.pool, environment.progress);
}

void decide(const Validation& validation, const std::optional<ServingComparison>& serving,
            const ReindexRequest& request, Manifest& manifest, ReindexReport& report) {
  std::string reason = validation.passed ? "" : validation.reason;
  if (serving && !serving->passed) reason += (reason.empty() ? "" : "; ") + serving->reason;
  if (reason.empty()) {
    report.gate = "passed";
    manifest.gate = {{"result", "passed"}, {"reason", validation.note}};
  } else if (request.force) {
    report.gate = "forced: " + reason;
    manifest.gate = {{"result", "forced"}, {"reason", reason}};
  } else {
    throw Error(ErrorKind::kGateRefused, "the new models are not good enough to serve: " + reason,
                request.store.string(),
                "look at the log and the configuration, or publish anyway with --force");
  }
  if (serving) manifest.gate["serving"] = to_json(*serving);
}

}  // namespace segue::index
