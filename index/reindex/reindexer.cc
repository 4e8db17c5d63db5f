#include "index/reindex/reindexer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "index/import/import_transformer.h"
#include "index/model/content_vectors.h"
#include "index/model/rating_data.h"
#include "index/reindex/best_neighbours.h"
#include "index/reindex/decision.h"
#include "index/reindex/estimate.h"
#include "index/reindex/half_life_choice.h"
#include "index/reindex/held_out.h"
#include "index/reindex/learning_curve_plot.h"
#include "index/reindex/phases.h"
#include "index/reindex/plan.h"
#include "index/reindex/rating_choice.h"
#include "index/reindex/reindex_input.h"
#include "index/reindex/snapshot_writer.h"
#include "index/reindex/transformer_run.h"
#include "index/snapshot/durable_file.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// What cannot be written is found now rather than after hours of training.
void try_outputs(const ReindexRequest& request) {
  if (!request.plot.empty()) write_durably(request.plot, learning_curves_svg({}));
  if (request.checkpoints.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(request.checkpoints, error);
  if (error)
    throw Error(ErrorKind::kResource, "cannot make the folder: " + error.message(),
                request.checkpoints.string());
}

/// Into the report, the manifest and the picture.
void keep_curves(const ModelSet& models, const ReindexRequest& request, Manifest& manifest,
                 ReindexReport& report) {
  report.curves.insert(report.curves.end(), models.curves.begin(), models.curves.end());
  nlohmann::json& kept = manifest.training["curves"] = nlohmann::json::array();
  for (const LearningCurve& curve : report.curves) kept.push_back(to_json(curve));
  if (!request.plot.empty()) write_durably(request.plot, learning_curves_svg(report.curves));
}

/// What was taken out, in order (blocks and heads count within what was left), what is left, and the cost.
nlohmann::json pruning_json(const Pruning& pruning, const TransformerModel& model) {
  nlohmann::json removed = nlohmann::json::array();
  for (const PruningStep& step : pruning.steps) {
    nlohmann::json entry = {{"block", step.block}};
    if (step.head) entry["head"] = *step.head;
    removed.push_back(entry);
  }
  const TransformerConfig& config = model.weights().config();
  std::vector<std::size_t> heads;
  for (std::size_t b = 0; b < config.layers; ++b) heads.push_back(config.heads_of(b));
  return {{"removed", removed},
          {"heads", heads},
          {"ndcg@10 before", pruning.before},
          {"ndcg@10 after", pruning.after}};
}

/// Reads the weights that the Transformer starts from; its shape is theirs, whatever the configuration says.
void import_weights(const ReindexRequest& request, const Catalogue& catalogue, TrainingPlan& plan,
                    ReindexReport& report) {
  ImportedTransformer imported = import_transformer(request.import_weights, catalogue);
  const TransformerConfig& config = imported.weights.config();
  if (config.form == TransformerForm::kSasrec && plan.prune > 0 && !plan.distillation) {
    throw Error(ErrorKind::kUsage, "weights of SASRec.pytorch cannot be pruned",
                request.import_weights.string(), "set prune = 0 under [transformer]");
  }
  if (!config.layer_heads.empty() && plan.transformer.epochs > 0) {
    throw Error(ErrorKind::kUsage, "weights without some heads can be served but not trained",
                request.import_weights.string(),
                "set epochs = 0 under [transformer], or import the unpruned weights");
  }
  plan.transformer.width = config.width;
  plan.transformer.layers = config.layers;
  plan.transformer.heads = config.heads;
  plan.transformer.feed_forward = config.feed_forward;
  plan.transformer.window = config.window;
  plan.transformer.temperature = config.temperature;
  plan.transformer.form = config.form;
  if (plan.distillation) {
    plan.distillation->narrow.window = config.window;
    require_narrower(*plan.distillation, plan.transformer);
  }
  report.counts["items with imported weights"] = imported.weights.vocabulary().size();
  if (imported.strangers > 0)
    report.warnings.push_back(std::to_string(imported.strangers) + " imported rows belong to no item");
  plan.imported = std::make_shared<const TransformerWeights>(std::move(imported.weights));
}

void start_from_vectors(const Catalogue& catalogue, TrainingPlan& plan, ReindexReport& report) {
  plan.start_vectors = std::make_shared<const ContentVectors>(ContentVectors::of(catalogue));
  if (plan.start_vectors->empty())
    report.warnings.push_back(
        "transformer.vectors_start: no item has a vector, so the usual start was taken");
}

/// Trains on all but the held-back events and decides; what it decides goes into the plan, the manifest and
/// the report.
void validate_models(const ReindexInput& input, const ReindexRequest& request, TrainingPlan& plan,
                     TrainingEnvironment& environment, Manifest& manifest, ReindexReport& report) {
  if (plan.models == std::vector<std::string>{"rating"}) {
    report.gate = "skipped: the one model predicts ratings, and rankings are what the gate compares";
    manifest.gate = {{"result", "skipped"}, {"reason", report.gate}};
    return;
  }
  const ValidationSplit split =
      hold_back(input.log, *input.catalogue, request.config.evaluation.max_sequences, request.seed,
                input.event_contexts);
  if (split.held_out.size() < request.config.gate.min_events) {
    skip_gate(std::to_string(split.held_out.size()) + " sequences of 3 events or more, " +
                  std::to_string(request.config.gate.min_events) + " are needed to compare models",
              request, manifest, report);
    return;
  }
  if (request.config.transitions.preset == "auto") {
    environment.phases.begin("choose transitions");
    plan.transitions = choose_transitions(transition_presets(), split.train, split.held_out, environment);
  }
  if (request.config.popularity.half_life == "auto") {
    const HalfLifeChoice choice = choose_half_life(split.train, environment.catalogue);
    plan.half_life = choice.half_life;
    manifest.training["popularity"]["trials"] = trials_json(choice);
  }
  const std::vector<HeldOut> measured =
      measured_sample(split.held_out, request.config.transformer.validation_sequences);
  TrainingEnvironment training = environment;
  training.validation = measured;
  const ModelSet models = train_models(split.train, plan, training, "");
  keep_curves(models, request, manifest, report);
  keep_epochs(models.transformer_epochs, plan);
  if (models.pruning) {
    plan.pruning = models.pruning->steps;
    manifest.training["pruning"] = pruning_json(*models.pruning, *models.transformer);
  }
  if (models.parts().empty()) {
    skip_gate("no model was trained", request, manifest, report);
    return;
  }
  environment.phases.begin("evaluate");
  // What is simple and strong has to be reached even by those who did not ask for it.
  std::unique_ptr<Transitions> baseline;
  if (!models.transitions) {
    baseline = Transitions::train(split.train, plan.transitions, environment.catalogue, environment.pool,
                                  environment.progress);
  }
  std::unique_ptr<Popularity> still;
  if (models.popularity->half_life()) still = models.popularity->unfaded(environment.catalogue);
  const Config::Blend& blend = request.config.blend;
  const ValidationOptions options{
      parse_seen_rule(blend.seen), blend.max_sequences,  baseline.get(), still.get(),
      blend.popularity_correction, blend.new_items_cost, request.seed};
  const Validation validation = validate(models, split.held_out, options, environment);
  const auto serving = compare_with_store(request, models, split, input, validation, environment, report);
  environment.phases.end();

  describe_validation(validation, manifest);
  report.evaluation = validation.table;
  if (!validation.note.empty()) report.warnings.push_back(validation.note);
  decide(validation, serving, request, manifest, report);

  const auto refitted = refit_blend(models, split.held_out, options, validation, environment);
  if (refitted) describe_refit(*refitted, manifest);
  if (!validation.newcomer_note.empty() && !(refitted && refitted->newcomers)) {
    report.warnings.push_back(validation.newcomer_note);
    manifest.evaluation["no_new_items"] = validation.newcomer_note;
  }
  environment.phases.end();
}

void describe_popularity(const Popularity& popularity, const TrainingPlan& plan, Manifest& manifest,
                         ReindexReport& report) {
  manifest.training["popularity"]["half_life"] = to_string(popularity.half_life());
  if (plan.half_life && !popularity.half_life()) {
    report.warnings.push_back("popularity.half_life = \"" + to_string(plan.half_life) +
                              "\" does nothing: no event has a time");
  }
}

/// A model that was asked for by name and could not be made is worth a word.
void warn_of_missing_models(const TrainingPlan& plan, const ReindexRequest& request, const ModelSet& models,
                            ReindexReport& report) {
  if (request.models.empty()) return;
  const auto parts = models.parts();
  for (const std::string& name : plan.models) {
    if (std::none_of(parts.begin(), parts.end(),
                     [&](const SessionModel* part) { return part->name() == name; })) {
      report.warnings.push_back(
          name == "content" ? "there is no content model: no item has a title, text, attribute or vector"
                            : "the model " + name + " was not trained: no sequence has two events on items");
    }
  }
}

void require_ratings(const ReindexRequest& request, const EventLog& log) {
  const bool asked =
      std::find(request.models.begin(), request.models.end(), "rating") != request.models.end();
  if (!asked || has_ratings(log)) return;
  throw Error(ErrorKind::kBadInput, "no event on an item has a rating, so there is nothing to factorise",
              request.events.empty() ? "--models rating" : request.events.string(),
              "give events a \"rating\", or leave rating out of --models");
}

}  // namespace

ReindexReport reindex(const ReindexRequest& request, Progress& progress) {
  ReindexReport report;
  TrainingPlan plan = training_plan(request);
  const auto backend = kernels::make_backend(request.device);
  kernels::ThreadPool pool(request.threads);
  Phases phases(progress);

  const SnapshotStore store(request.store);
  std::optional<Staging> staging;
  if (!request.dry_run) {
    // Taken before hours of training rather than after them: a second reindex of the same store ends at once.
    store.create_if_absent();
    staging.emplace(store.stage());
    try_outputs(request);
  }
  const ReindexInput input = read_reindex_input(request, report, phases, progress);
  require_ratings(request, input.log);
  if (!request.import_weights.empty()) import_weights(request, *input.catalogue, plan, report);
  if (request.config.transformer.vectors_start) start_from_vectors(*input.catalogue, plan, report);
  if (request.dry_run) {
    phases.end();
    const Estimate estimate =
        estimate_reindex(input.log, *input.catalogue, plan, request.config, *backend, pool.size());
    report.estimated_seconds = estimate.seconds;
    report.estimated_mib = estimate.mib;
    report.gate = "not run";
    report.phases = phases.done();
    return report;
  }

  Manifest manifest;
  if (plan.imported) manifest.training["import"] = {{"weights", request.import_weights.filename().string()}};
  describe_request(request, report, *input.catalogue, *backend, pool.size(), manifest);
  if (const auto newest = newest_event(input.log)) manifest.training["newest_event"] = *newest;
  TrainingEnvironment environment{*input.catalogue, *backend, pool, progress, phases};
  environment.checkpoints = request.checkpoints;
  environment.content = train_content(plan, environment);
  const TrainingData everything = all_events(input.log, input.catalogue->size(), input.event_contexts);
  choose_rating_model(everything, plan, environment, manifest, report.curves);
  // Unless validation is to choose; where nothing is validated, what is configured still counts.
  if (const auto seen = parse_seen_rule(request.config.blend.seen)) manifest.seen = to_string(*seen);
  validate_models(input, request, plan, environment, manifest, report);

  // Once more on everything, with the constants found: the newest events matter most.
  const ModelSet models = train_models(everything, plan, environment, " (all events)");
  keep_curves(models, request, manifest, report);
  describe_popularity(*models.popularity, plan, manifest, report);
  if (models.transformer)
    manifest.training["transformer"] = transformer_json(models.transformer_epochs, plan);
  if (manifest.blend.empty()) {
    // Nothing was measured: every model has the same say, but for ratings, which tell how much and not what
    // next.
    std::vector<const SessionModel*> parts = models.parts();
    std::erase(parts, models.context_popularity.get());  // it does not look at the session
    if (parts.size() > 1) std::erase(parts, models.rating.get());
    for (const SessionModel* part : parts)
      manifest.blend[std::string(part->name())] = 1.0 / static_cast<double>(parts.size());
  }
  for (const auto& [name, weight] : manifest.blend) report.blend[name] = weight;
  warn_of_missing_models(plan, request, models, report);
  report.seen = manifest.seen;
  choose_neighbours(models, report.evaluation, manifest);

  write_snapshot({*input.catalogue, input.log, input.contexts, input.event_contexts, models, plan,
                  request.config, phases, progress},
                 *staging, manifest);
  for (ReindexStep* step : request.steps) {
    phases.begin(step->name());
    step->run(*input.catalogue, input.log, *staging, manifest, progress);
  }
  phases.end();
  progress.check();
  manifest.phases = phases.done();
  progress.phase("publish");
  report.snapshot = store.publish(std::move(*staging), std::move(manifest));
  remove_checkpoints(request.checkpoints);
  report.phases = phases.done();
  return report;
}

}  // namespace segue::index
