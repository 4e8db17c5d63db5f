#include "index/reindex/tuner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "index/config_json.h"
#include "index/reindex/gate.h"
#include "index/reindex/half_life_choice.h"
#include "index/reindex/held_out.h"
#include "index/reindex/plan.h"
#include "index/reindex/rating_choice.h"
#include "index/reindex/reindex_input.h"
#include "index/snapshot/sha256.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// Passes the question whether to go on, and nothing else: a trial's own phases would drown the list of
/// trials.
class OnlyChecks final : public Progress {
 public:
  explicit OnlyChecks(const Progress& asked) : asked_(asked) {}
  void check() const override { asked_.check(); }

 private:
  const Progress& asked_;
};

/// A share of the sequences, the same ones for every trial of a rung and among those of the rungs above.
TrainingData part_of(const TrainingData& data, double share, std::uint64_t seed) {
  if (share >= 1) return data;
  TrainingData part;
  part.item_count = data.item_count;
  part.sets = data.sets;
  part.ratings = data.ratings;  // all of them: the share is of sequences
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    RandomStream random(mix_seed(seed, s));
    if (random.uniform() < share) part.append(data, s);
  }
  return part;
}

/// Trains and measures the models of one configuration after the other on the same data.
class Trials {
 public:
  Trials(const TuneRequest& request, std::vector<SearchPoint> points, ValidationSplit split,
         TrainingEnvironment& environment)
      : request_(request), points_(std::move(points)), split_(std::move(split)), environment_(environment) {}

  Trial run(const NextTrial& next) {
    const auto start = std::chrono::steady_clock::now();
    Trial trial;
    trial.number = next.number;
    trial.rung = next.rung;
    trial.share = share_of(request_.halving, next.rung);
    trial.values = points_[next.number];
    measure(trial);
    trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return trial;
  }

 private:
  void measure(Trial& trial) {
    ReindexRequest request = request_.data;
    request.config = at_point(request.config, trial.values);
    TrainingPlan plan = training_plan(request);
    const TrainingData data = part_of(split_.train, trial.share, request_.halving.seed);
    // What a reindex of this configuration would choose and train.
    if (plan.wants("transitions") && request.config.transitions.preset == "auto")
      plan.transitions = choose_transitions(transition_presets(), data, split_.held_out, environment_);
    if (request.config.popularity.half_life == "auto")
      plan.half_life = choose_half_life(data, environment_.catalogue).half_life;
    const std::vector<HeldOut> measured =
        measured_sample(split_.held_out, request.config.transformer.validation_sequences);
    TrainingEnvironment environment = environment_;
    environment.validation = measured;
    environment.content = content_of(plan);
    Manifest unused;
    std::vector<LearningCurve> curves;
    choose_rating_model(data, plan, environment, unused, curves);
    const ModelSet models = train_models(data, plan, environment, "");
    if (models.parts().empty()) return;  // too small a share for any model: the worst there is
    const Config::Blend& blend = request.config.blend;
    const Validation validation =
        validate(models, split_.held_out, {parse_seen_rule(blend.seen), blend.max_sequences}, environment_);
    for (const EvaluationRow& row : validation.table) {
      if (row.model != request_.model) continue;
      trial.ndcg = row.metrics.at("ndcg@10");
      trial.hit_rate = row.metrics.at("hr@10");
      return;
    }
    throw Error(ErrorKind::kUsage, "the model `" + request_.model + "` is not trained", "--model",
                "name one of --models, or blend");
  }

  /// The content space of a plan; that of the trial before is taken again where its options are the same.
  std::shared_ptr<const ContentSpace> content_of(const TrainingPlan& plan) {
    if (!plan.wants("content")) return nullptr;
    if (!content_ || content_options_ != plan.content) content_ = train_content(plan, environment_);
    content_options_ = plan.content;
    return content_;
  }

  const TuneRequest& request_;
  std::vector<SearchPoint> points_;
  ValidationSplit split_;
  TrainingEnvironment& environment_;
  std::shared_ptr<const ContentSpace> content_;
  ContentOptions content_options_;
};

/// What has to be equal for trials to be comparable.
std::string identity_of(const TuneRequest& request) {
  nlohmann::json identity = {{"config", to_json(request.data.config)},
                             {"models", request.data.models},
                             {"model", request.model},
                             {"seed", request.data.seed},
                             {"last_wins", request.data.last_wins},
                             {"rungs", request.halving.rungs},
                             {"reduction", request.halving.reduction}};
  for (const auto& file : {request.data.items, request.data.events, request.data.import_vectors}) {
    identity["files"].push_back(file.empty() ? "" : digest_file(file).sha256);
  }
  for (const SearchRange& range : request.ranges) {
    identity["ranges"].push_back({range.key, range.choices, range.low, range.high, range.logarithmic});
  }
  return sha256_of(identity.dump());
}

/// A model that is trained, or what is made of all of them.
void require_model(const std::string& model, const TrainingPlan& plan) {
  if (model == "rating") {
    throw Error(ErrorKind::kUsage, "a search measures rankings, and `rating` predicts ratings", "--model",
                "rating.method = \"auto\" chooses on held-back ratings; compare constants by segue evaluate "
                "--protocol rating");
  }
  constexpr std::array<std::string_view, 3> kAlways = {"blend", "popularity", "context-popularity"};
  if (plan.wants(model) || std::find(kAlways.begin(), kAlways.end(), model) != kAlways.end()) return;
  std::string known;
  for (const std::string& name : plan.models) known += name + ", ";
  throw Error(ErrorKind::kUsage, "the model `" + model + "` is not trained", "--model",
              "name one of " + known + "popularity, context-popularity, blend");
}

std::string told(const Trial& trial, const HalvingOptions& options) {
  char figures[96];
  std::snprintf(figures, sizeof figures, "rung %zu of %zu, trial %zu: NDCG@10 %.4f in %.1f s", trial.rung + 1,
                options.rungs, trial.number, trial.ndcg, trial.seconds);
  std::string text = figures;
  for (const auto& [key, value] : trial.values) text.append("  ").append(key).append(" ").append(value);
  return trial.number == 0 ? text + "  (as configured)" : text;
}

}  // namespace

TuneReport tune(const TuneRequest& request, Progress& progress) {
  if (request.ranges.empty()) throw std::invalid_argument("a search without ranges");
  // What is wrong with the request is told before the data are read and the trials' file is made.
  require_model(request.model, training_plan(request.data));
  std::vector<SearchPoint> points = points_of(request.halving, request.ranges, request.data.config);
  if (points.size() < 2) {
    throw Error(ErrorKind::kUsage, "the ranges hold nothing but the configuration as it is", "--range",
                "give values to try beside it");
  }
  HalvingOptions halving = request.halving;
  halving.max_points = points.size() - 1;
  TuneReport report;
  const auto backend = kernels::make_backend(request.data.device);
  kernels::ThreadPool pool(request.data.threads);
  OnlyChecks quiet(progress);
  Phases phases(quiet);
  ReindexReport read;
  Phases told_phases(progress);
  const ReindexInput input = read_reindex_input(request.data, read, told_phases, progress);
  report.warnings = read.warnings;
  ValidationSplit split = hold_back(input.log, *input.catalogue, request.data.config.evaluation.max_sequences,
                                    request.data.seed, input.event_contexts);
  report.events = split.held_out.size() / 2;  // on the other half weights and rules are fitted
  if (split.held_out.size() < std::max<std::size_t>(request.data.config.gate.min_events, 2)) {
    throw Error(ErrorKind::kBadInput,
                "only " + std::to_string(split.held_out.size()) + " sequences have an event to predict",
                request.data.events.string(), "a search needs at least gate.min_events of them");
  }
  TrialLog log(request.trials, identity_of(request));
  TrainingEnvironment environment{*input.catalogue, *backend, pool, quiet, phases};
  Trials trials(request, std::move(points), std::move(split), environment);
  progress.phase("search");
  while (const auto next = next_trial(halving, log.trials())) {
    progress.check();
    Trial trial = trials.run(*next);
    progress.message(told(trial, request.halving));
    log.add(std::move(trial));
    double used = 0;
    for (const Trial& done : log.trials()) used += done.seconds;
    progress.update(std::min(used, request.halving.budget_seconds), request.halving.budget_seconds);
  }
  report.trials = log.trials();
  report.best = *best_trial(report.trials);
  for (const Trial& trial : report.trials) {
    if (trial.number == 0 && trial.rung == report.best.rung) report.base = trial;
  }
  report.config = at_point(request.data.config, report.best.values);
  return report;
}

}  // namespace segue::index
