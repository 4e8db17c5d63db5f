#include "index/reindex/gate.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "index/model/blend_fit.h"

namespace segue::index {
namespace {

std::vector<HeldOut> every_second(std::span<const HeldOut> held_out, std::size_t first) {
  std::vector<HeldOut> half;
  for (std::size_t i = first; i < held_out.size(); i += 2) half.push_back(held_out[i]);
  return half;
}

std::string figures(const std::string& ahead, double theirs, double ours) {
  char text[160];
  std::snprintf(text, sizeof text, "%s has NDCG@10 %.4f on the held-back events, the blend %.4f",
                ahead.c_str(), theirs, ours);
  return text;
}

EvaluationRow row_of(const std::string& model, std::span<const double> ranks) {
  EvaluationRow row{model, ranks.size(), {}};
  for (const RankingMetric& metric : {kHitRate10, kNdcg10, RankingMetric{RankingMetric::Kind::kMrr, 20},
                                      RankingMetric{RankingMetric::Kind::kRecall, 100}}) {
    row.metrics[metric.name()] = mean_metric(metric, ranks);
  }
  return row;
}

}  // namespace

Validation validate(const ModelSet& models, std::span<const HeldOut> held_out,
                    const ValidationOptions& options, TrainingEnvironment& environment) {
  const std::vector<HeldOut> fit_half = every_second(held_out, 0);
  const std::vector<HeldOut> gate_half = every_second(held_out, 1);
  const Evaluator evaluator(environment.catalogue.searchable(), environment.pool, environment.progress);
  const std::vector<SeenRule> rules = options.seen ? std::vector{*options.seen} : seen_rule_candidates();
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
  if (best > popularity) parts.push_back(models.popularity.get());
  const std::span<const float> events = models.popularity->counts();
  const BlendFit fit = fit_blend({.models = parts,
                                  .held_out = fit_half,
                                  .searchable = &environment.catalogue.searchable(),
                                  .seen = result.seen,
                                  .max_sequences = options.fit_sequences,
                                  .events = events},
                                 environment.pool, environment.progress);
  result.blend = fit.weights;
  result.method = fit.method;

  const auto ranks_of = [&](const Scorer& scorer) {
    return evaluator.ranks(scorer, gate_half, only).front();
  };
  const std::vector<double> popular = ranks_of(scorer_of(*models.popularity));
  result.table.push_back(row_of("popularity", popular));
  std::optional<std::size_t> best_part;
  std::vector<double> part_ndcg;
  std::vector<std::vector<double>> part_ranks;
  const std::vector<const SessionModel*> session_parts = models.parts();
  for (std::size_t p = 0; p < session_parts.size(); ++p) {
    part_ranks.push_back(ranks_of(scorer_of(*parts[p])));
    result.table.push_back(row_of(std::string(parts[p]->name()), part_ranks.back()));
    part_ndcg.push_back(mean_metric(kNdcg10, part_ranks.back()));
    if (!best_part || part_ndcg[p] > part_ndcg[*best_part]) best_part = p;
  }
  std::vector<double> blend_ranks = ranks_of(scorer_of(Blend(result.blend, parts, events)));
  double blend_ndcg = mean_metric(kNdcg10, blend_ranks);
  if (blend_ndcg < part_ndcg[*best_part]) {
    const std::string name(parts[*best_part]->name());
    result.note = figures(name, part_ndcg[*best_part], blend_ndcg) + ": the blend is " + name + " alone";
    result.blend = {{name}, {1.0}};
    blend_ranks = part_ranks[*best_part];
    blend_ndcg = part_ndcg[*best_part];
  }
  result.table.push_back(row_of("blend", blend_ranks));

  result.passed = true;
  const auto compare = [&](const std::string& name, double theirs) {
    if (blend_ndcg >= theirs || !result.passed) return;
    result.passed = false;
    result.reason = figures(name, theirs, blend_ndcg);
  };
  compare("popularity", mean_metric(kNdcg10, popular));
  if (options.baseline != nullptr) {
    const std::vector<double> ranks = ranks_of(scorer_of(*options.baseline));
    result.table.insert(result.table.begin() + 1, row_of("transitions", ranks));
    compare("transitions", mean_metric(kNdcg10, ranks));
  }
  return result;
}

TransitionOptions choose_transitions(std::span<const TransitionOptions> presets, const TrainingData& data,
                                     std::span<const HeldOut> held_out, TrainingEnvironment& environment) {
  const std::vector<HeldOut> half = every_second(held_out, 0);
  const Evaluator evaluator(environment.catalogue.searchable(), environment.pool, environment.progress);
  const std::vector<SeenRule> rules = seen_rule_candidates();
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
