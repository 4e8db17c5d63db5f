#include "index/reindex/gate.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <utility>

#include "index/model/blend_fit.h"
#include "index/model/blend_objective.h"
#include "index/model/count_classes.h"

namespace segue::index {
namespace {

/// How often what new items may cost is halved for a blend that is not to fall below a part.
constexpr std::size_t kCostHalvings = 4;

std::string figures(const std::string& ahead, double theirs, double ours) {
  char text[160];
  std::snprintf(text, sizeof text, "%s has NDCG@10 %.4f on the held-back events, the blend %.4f",
                ahead.c_str(), theirs, ours);
  return text;
}

const std::vector<RankingMetric>& table_metrics() {
  static const std::vector<RankingMetric> metrics =
      parse_ranking_metrics("hr@10,ndcg@10,mrr@20,recall@100,coverage,gini@10,novelty@10");
  return metrics;
}

EvaluationRow row_of(const std::string& model, const Evaluation& evaluation) {
  EvaluationRow row{model, evaluation.ranks.size(), {}};
  for (std::size_t m = 0; m < table_metrics().size(); ++m) {
    row.metrics[table_metrics()[m].name()] = evaluation.values[m];
    if (table_metrics()[m] == kNdcg10) {
      const std::vector<double> nothing(evaluation.ranks.size(), 0);
      row.error = error_of_difference(evaluation.by_target[m], nothing);
    }
  }
  return row;
}

/// hr@10 and ndcg@10 stand first in table_metrics().
std::vector<EvaluationSlice> headline_slices(const Evaluation& evaluation,
                                             std::span<const std::size_t> classes) {
  std::vector<EvaluationSlice> slices = slice(evaluation, classes);
  for (EvaluationSlice& one : slices) one.values.resize(slice_metrics().size());
  return slices;
}

void slice_validation(const Evaluation& blend, std::span<const HeldOut> held_out,
                      std::span<const float> events, Validation& result) {
  std::vector<std::size_t> lengths;
  std::vector<std::size_t> frequencies;
  for (const HeldOut& one : held_out) {
    lengths.push_back(session_length_classes().of(static_cast<double>(one.prefix.size())));
    frequencies.push_back(item_frequency_classes().of(static_cast<double>(events[one.target])));
  }
  result.by_length = headline_slices(blend, lengths);
  result.by_frequency = headline_slices(blend, frequencies);
}

/// Those that may have a weight for items without events.
std::vector<const SessionModel*> with_popularity(const ModelSet& models) {
  std::vector<const SessionModel*> all = models.parts();
  all.push_back(models.popularity.get());
  return all;
}

bool is_part(const SessionModel& model, const ModelSet& models) {
  const std::vector<const SessionModel*> parts = models.parts();
  return std::find(parts.begin(), parts.end(), &model) != parts.end();
}

double ndcg_of(const EvaluationRow& row) {
  return row.metrics.at(kNdcg10.name());
}

/// What is fitted and measured with: everything but the sequences.
class Measuring {
 public:
  Measuring(const ModelSet& models, const ValidationOptions& options, TrainingEnvironment& environment)
      : models_(models),
        options_(options),
        environment_(environment),
        evaluator_(environment.catalogue.searchable(), environment.pool, environment.progress) {}

  double ndcg(const SessionModel& model, std::span<const HeldOut> held_out, const SeenRule& rule) const {
    return ndcg(scorer_of(model), held_out, rule);
  }
  double ndcg(const BlendWeights& weights, std::span<const HeldOut> held_out, const SeenRule& rule) const {
    return ndcg(scorer_of(blend_of(weights)), held_out, rule);
  }
  Evaluation evaluate(const Scorer& scorer, std::span<const HeldOut> held_out, const SeenRule& rule) const {
    EvaluationOptions options;
    options.metrics = table_metrics();
    options.seen = rule;
    options.events = events();
    return evaluator_.evaluate(scorer, held_out, options);
  }
  Blend blend_of(const BlendWeights& weights) const { return {weights, with_popularity(models_), events()}; }

  /// The rule under which the best single model is best (of equal ones, the one that leaves out less), and
  /// whether popularity may join the models.
  void choose_rule(std::span<const HeldOut> held_out, std::span<const SeenRule> rules,
                   Validation& result) const {
    std::vector<double> best(rules.size(), -1);
    for (const SessionModel* part : models_.parts()) {
      const auto ranks = evaluator_.ranks(scorer_of(*part), held_out, rules);
      for (std::size_t r = 0; r < rules.size(); ++r)
        best[r] = std::max(best[r], mean_metric(kNdcg10, ranks[r]));
    }
    const auto first = std::max_element(best.begin(), best.end());
    result.seen = rules[static_cast<std::size_t>(first - best.begin())];
    // Popularity joins models that are ahead of it; where they are not, something is wrong with them, and a
    // blend that leans on popularity would hide it.
    result.with_popularity = *first > ndcg(*models_.popularity, held_out, result.seen);
  }
  BlendFit fit(const Validation& validation, std::span<const HeldOut> held_out) const {
    return fit_blend({.models = validation.with_popularity ? with_popularity(models_) : models_.parts(),
                      .held_out = held_out,
                      .searchable = &environment_.catalogue.searchable(),
                      .seen = validation.seen,
                      .max_sequences = options_.fit_sequences,
                      .events = events()},
                     environment_.pool, environment_.progress);
  }
  /// What the blend has to reach, by name: popularity, what does not fade, transitions that are no part, the
  /// parts.
  std::vector<std::pair<std::string, const SessionModel*>> rivals() const {
    std::vector<std::pair<std::string, const SessionModel*>> all{{"popularity", models_.popularity.get()}};
    if (options_.baseline != nullptr) all.emplace_back("transitions", options_.baseline);
    if (options_.still_popularity != nullptr)
      all.emplace_back("popularity-unfaded", options_.still_popularity);
    for (const SessionModel* part : models_.parts()) all.emplace_back(part->name(), part);
    return all;
  }

 private:
  double ndcg(const Scorer& scorer, std::span<const HeldOut> held_out, const SeenRule& rule) const {
    const SeenRule only[] = {rule};
    return mean_metric(kNdcg10, evaluator_.ranks(scorer, held_out, only).front());
  }
  std::span<const float> events() const { return models_.popularity->counts(); }

  const ModelSet& models_;
  const ValidationOptions& options_;
  TrainingEnvironment& environment_;
  Evaluator evaluator_;
};

/// New items at the largest cost that leaves a blend at the floor: the whole one, else a half of it, and so
/// on. ndcg: of weights; with: of the last that were tried.
std::optional<NewcomerChoice> weigh_newcomers(const NewcomerTrials& trials, double cost, double floor,
                                              const std::function<double(const BlendWeights&)>& ndcg,
                                              double& with) {
  for (std::size_t halving = 0; halving <= kCostHalvings; ++halving, cost /= 2) {
    NewcomerChoice choice = trials.weigh(cost);
    with = ndcg(choice.weights);
    if (with >= floor) return choice;
  }
  return std::nullopt;
}

}  // namespace

std::vector<RankingMetric> slice_metrics() {
  return headline_metrics();
}

std::vector<HeldOut> half_of(std::span<const HeldOut> held_out, std::size_t half) {
  std::vector<HeldOut> chosen;
  for (std::size_t i = half; i < held_out.size(); i += 2) chosen.push_back(held_out[i]);
  return chosen;
}

Validation validate(const ModelSet& models, std::span<const HeldOut> held_out,
                    const ValidationOptions& options, TrainingEnvironment& environment) {
  const std::vector<HeldOut> fit_half = half_of(held_out, 0);
  const std::vector<HeldOut> gate_half = half_of(held_out, 1);
  const Measuring measuring(models, options, environment);
  Validation result;
  measuring.choose_rule(fit_half, options.seen ? std::vector{*options.seen} : seen_rule_candidates(held_out),
                        result);
  const BlendFit fit = measuring.fit(result, fit_half);
  result.blend = fit.weights;
  result.method = fit.method;
  result.fitted_on = std::min(fit_half.size(), options.fit_sequences);

  const auto measure = [&](const Scorer& scorer) {
    return measuring.evaluate(scorer, gate_half, result.seen);
  };
  std::vector<EvaluationRow> others;  // that are no parts
  std::optional<Evaluation> best_part;
  EvaluationRow best;
  for (const auto& [name, model] : measuring.rivals()) {
    Evaluation evaluation = measure(scorer_of(*model));
    result.table.push_back(row_of(name, evaluation));
    if (!is_part(*model, models)) {
      others.push_back(result.table.back());
    } else if (!best_part || ndcg_of(result.table.back()) > ndcg_of(best)) {
      best = result.table.back();
      best_part = std::move(evaluation);
    }
  }
  Evaluation blend = measure(scorer_of(measuring.blend_of(result.blend)));
  EvaluationRow row = row_of("blend", blend);
  if (ndcg_of(row) < ndcg_of(best)) {
    result.note =
        figures(best.model, ndcg_of(best), ndcg_of(row)) + ": the blend is " + best.model + " alone";
    result.blend = {{best.model}, {1.0}};
    result.method = "one model alone";
    result.one_part = true;
    blend = std::move(*best_part);
    row = row_of("blend", blend);
  }
  const EvaluationRow& floor =
      *std::max_element(result.table.begin(), result.table.end(),
                        [](const auto& a, const auto& b) { return ndcg_of(a) < ndcg_of(b); });
  if (options.newcomer_cost > 0 && models.content && ndcg_of(row) >= ndcg_of(floor)) {
    environment.phases.begin("weigh new items");
    const NewcomerTrials trials(models, result.blend, fit_half, result.seen, options.seed, environment);
    double with = 0;
    result.newcomers = weigh_newcomers(
        trials, options.newcomer_cost, ndcg_of(floor),
        [&](const BlendWeights& weights) { return measuring.ndcg(weights, gate_half, result.seen); }, with);
    if (result.newcomers) {
      result.blend = result.newcomers->weights;
      blend = measure(scorer_of(measuring.blend_of(result.blend)));
      row = row_of("blend", blend);
    }
    if (!result.newcomers) {
      result.newcomer_note =
          figures(floor.model, ndcg_of(floor), with) + " with new items weighed: they are not";
    }
  }
  slice_validation(blend, gate_half, models.popularity->counts(), result);

  result.passed = true;
  for (const EvaluationRow& other : others) {
    if (ndcg_of(row) >= ndcg_of(other) || !result.passed) continue;
    result.passed = false;
    result.reason = figures(other.model, ndcg_of(other), ndcg_of(row));
  }
  if (options.popularity_correction > 0) {
    // Who asks for it pays for it knowingly: the row says how much, and the models are judged without it.
    Blend corrected = measuring.blend_of(result.blend);
    corrected.correct_popularity(
        options.still_popularity != nullptr ? *options.still_popularity : *models.popularity,
        options.popularity_correction);
    result.table.push_back(row_of("blend-corrected", measure(scorer_of(corrected))));
  }
  result.table.push_back(std::move(row));
  return result;
}

std::optional<RefittedBlend> refit_blend(const ModelSet& models, std::span<const HeldOut> held_out,
                                         const ValidationOptions& options, const Validation& validation,
                                         TrainingEnvironment& environment) {
  // A half that was as large as a sample may be: another sample of that size is no better.
  if (!validation.passed || validation.one_part || validation.fitted_on == options.fit_sequences)
    return std::nullopt;
  environment.phases.begin("fit blend (all sequences)");
  const Measuring measuring(models, options, environment);
  const BlendFit fit = measuring.fit(validation, held_out);
  RefittedBlend refitted{fit.weights, fit.method, std::min(held_out.size(), options.fit_sequences), {}};
  double floor = 0;
  for (const auto& [name, model] : measuring.rivals())
    floor = std::max(floor, measuring.ndcg(*model, held_out, validation.seen));
  const auto ndcg = [&](const BlendWeights& weights) {
    return measuring.ndcg(weights, held_out, validation.seen);
  };
  if (ndcg(refitted.weights) < floor) return std::nullopt;
  if (options.newcomer_cost > 0 && models.content) {
    environment.phases.begin("weigh new items (all sequences)");
    const NewcomerTrials trials(models, fit.weights, held_out, validation.seen, options.seed, environment);
    double with = 0;
    refitted.newcomers = weigh_newcomers(trials, options.newcomer_cost, floor, ndcg, with);
    if (refitted.newcomers) refitted.weights = refitted.newcomers->weights;
    if (!refitted.newcomers && validation.newcomers) return std::nullopt;
  }
  return refitted;
}

TransitionOptions choose_transitions(std::span<const TransitionOptions> presets, const TrainingData& data,
                                     std::span<const HeldOut> held_out, TrainingEnvironment& environment) {
  const std::vector<HeldOut> half = half_of(held_out, 0);
  const Evaluator evaluator(environment.catalogue.searchable(), environment.pool, environment.progress);
  const std::vector<SeenRule> rules = seen_rule_candidates(held_out);
  TransitionOptions chosen = presets.front();
  double best = -1;
  for (const TransitionOptions& preset : presets) {
    const auto model =
        Transitions::train(data, preset, environment.catalogue, environment.pool, environment.progress);
    for (const auto& ranks : evaluator.ranks(scorer_of(*model), half, rules)) {
      if (const double ndcg = mean_metric(kNdcg10, ranks); ndcg > best) {
        best = ndcg;
        chosen = preset;
      }
    }
  }
  return chosen;
}

}  // namespace segue::index
