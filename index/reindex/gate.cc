#include "index/reindex/gate.h"

#include <algorithm>
#include <cstdio>
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

/// Fits under the validation's seen rule.
BlendFit fit_under(const Validation& validation, std::span<const SessionModel* const> parts,
                   const ModelSet& models, std::span<const HeldOut> held_out,
                   const ValidationOptions& options, TrainingEnvironment& environment) {
  return fit_blend({.models = parts,
                    .held_out = held_out,
                    .searchable = &environment.catalogue.searchable(),
                    .seen = validation.seen,
                    .max_sequences = options.fit_sequences,
                    .events = models.popularity->counts()},
                   environment.pool, environment.progress);
}

/// Those that may have a weight for items without events.
std::vector<const SessionModel*> with_popularity(const ModelSet& models) {
  std::vector<const SessionModel*> all = models.parts();
  all.push_back(models.popularity.get());
  return all;
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
  const Evaluator evaluator(environment.catalogue.searchable(), environment.pool, environment.progress);
  const std::vector<SeenRule> rules =
      options.seen ? std::vector{*options.seen} : seen_rule_candidates(held_out);
  std::vector<const SessionModel*> parts = models.parts();

  // The rule under which the best single model is best; of equal ones, the one that leaves out less.
  Validation result;
  double best = -1;
  std::vector<std::vector<double>> fit_ndcg(parts.size());
  for (std::size_t p = 0; p < parts.size(); ++p) {
    for (const auto& ranks : evaluator.ranks(scorer_of(*parts[p]), fit_half, rules)) {
      fit_ndcg[p].push_back(mean_metric(kNdcg10, ranks));
    }
  }
  for (std::size_t r = 0; r < rules.size(); ++r) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (fit_ndcg[p][r] > best) {
        best = fit_ndcg[p][r];
        result.seen = rules[r];
      }
    }
  }
  // Popularity joins models that are ahead of it; where they are not, something is wrong with them, and a
  // blend that leans on popularity would hide it.
  const SeenRule only[] = {result.seen};
  const double popularity =
      mean_metric(kNdcg10, evaluator.ranks(scorer_of(*models.popularity), fit_half, only).front());
  result.with_popularity = best > popularity;
  if (result.with_popularity) parts = with_popularity(models);
  const std::span<const float> events = models.popularity->counts();
  const BlendFit fit = fit_under(result, parts, models, fit_half, options, environment);
  result.blend = fit.weights;
  result.method = fit.method;

  EvaluationOptions measured;
  measured.metrics = table_metrics();
  measured.seen = result.seen;
  measured.events = events;
  const auto measure = [&](const Scorer& scorer) { return evaluator.evaluate(scorer, gate_half, measured); };
  const auto ndcg_of = [](const EvaluationRow& row) { return row.metrics.at(kNdcg10.name()); };

  result.table.push_back(row_of("popularity", measure(scorer_of(*models.popularity))));
  std::optional<Evaluation> best_part;
  std::string best_name;
  double best_ndcg = -1;
  for (const SessionModel* part : models.parts()) {
    Evaluation evaluation = measure(scorer_of(*part));
    result.table.push_back(row_of(std::string(part->name()), evaluation));
    if (ndcg_of(result.table.back()) <= best_ndcg) continue;
    best_ndcg = ndcg_of(result.table.back());
    best_name = part->name();
    best_part = std::move(evaluation);
  }
  Evaluation blend = measure(scorer_of(Blend(result.blend, parts, events)));
  EvaluationRow row = row_of("blend", blend);
  if (ndcg_of(row) < best_ndcg) {
    result.note = figures(best_name, best_ndcg, ndcg_of(row)) + ": the blend is " + best_name + " alone";
    result.blend = {{best_name}, {1.0}};
    result.method = "one model alone";
    result.one_part = true;
    blend = std::move(*best_part);
    row = row_of("blend", blend);
  }
  if (options.newcomer_cost > 0 && models.content) {
    environment.phases.begin("weigh new items");
    const std::vector<const SessionModel*> all = with_popularity(models);
    const NewcomerTrials trials(models, result.blend, fit_half, result.seen, options.seed, environment);
    double least = 0;  // NDCG@10 of the blends with new items
    double cost = options.newcomer_cost;
    for (std::size_t halving = 0; halving <= kCostHalvings; ++halving, cost /= 2) {
      NewcomerChoice choice = trials.weigh(cost);
      Evaluation with = measure(scorer_of(Blend(choice.weights, all, events)));
      EvaluationRow its = row_of("blend", with);
      least = ndcg_of(its);
      if (least < best_ndcg) continue;
      result.blend = choice.weights;
      result.newcomers = std::move(choice);
      parts = all;
      blend = std::move(with);
      row = std::move(its);
      break;
    }
    if (!result.newcomers) {
      result.note += (result.note.empty() ? "" : "; ") + figures(best_name, best_ndcg, least) +
                     " with new items weighed: they are not";
    }
  }
  slice_validation(blend, gate_half, events, result);

  result.passed = true;
  const auto compare = [&](const EvaluationRow& other) {
    if (ndcg_of(row) >= ndcg_of(other) || !result.passed) return;
    result.passed = false;
    result.reason = figures(other.model, ndcg_of(other), ndcg_of(row));
  };
  compare(result.table.front());
  if (options.still_popularity != nullptr) {
    const EvaluationRow still = row_of("popularity-unfaded", measure(scorer_of(*options.still_popularity)));
    compare(still);
    result.table.insert(result.table.begin() + 1, still);
  }
  if (options.baseline != nullptr) {
    const EvaluationRow transitions = row_of("transitions", measure(scorer_of(*options.baseline)));
    compare(transitions);
    result.table.insert(result.table.begin() + 1, transitions);
  }
  if (options.popularity_correction > 0) {
    // Who asks for it pays for it knowingly: the row says how much, and the models are judged without it.
    Blend corrected(result.blend, parts, events);
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
  if (validation.one_part) return std::nullopt;
  const std::vector<const SessionModel*> parts =
      validation.with_popularity ? with_popularity(models) : models.parts();
  const BlendFit fit = fit_under(validation, parts, models, held_out, options, environment);
  RefittedBlend refitted{fit.weights, fit.method, std::min(held_out.size(), options.fit_sequences)};
  if (!validation.newcomers) return refitted;

  environment.phases.begin("weigh new items (all sequences)");
  refitted.weights =
      NewcomerTrials(models, refitted.weights, held_out, validation.seen, options.seed, environment)
          .weigh(validation.newcomers->cost)
          .weights;
  const Evaluator evaluator(environment.catalogue.searchable(), environment.pool, environment.progress);
  const SeenRule only[] = {validation.seen};
  const auto ndcg = [&](const Scorer& scorer) {
    return mean_metric(kNdcg10, evaluator.ranks(scorer, held_out, only).front());
  };
  const auto best =
      std::max_element(fit.single_ndcg.begin(), fit.single_ndcg.end()) - fit.single_ndcg.begin();
  const Blend blend(refitted.weights, with_popularity(models), models.popularity->counts());
  if (ndcg(scorer_of(blend)) < ndcg(scorer_of(*parts[static_cast<std::size_t>(best)]))) return std::nullopt;
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
