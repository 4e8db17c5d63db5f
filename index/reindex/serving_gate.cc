#include "index/reindex/serving_gate.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "index/model/blend_objective.h"
#include "index/reindex/evaluation.h"

namespace segue::index {
namespace {

constexpr double kOneSided95 = 1.645;

/// Held-out sequences in the terms of both catalogues, and the items that both have.
struct Common {
  ItemSet fresh_items;
  ItemSet serving_items;
  std::vector<HeldOut> fresh;
  std::vector<HeldOut> serving;
};

std::optional<double> newest_event(const Manifest& manifest) {
  const auto found = manifest.training.find("newest_event");
  if (found == manifest.training.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

Common in_common(const Snapshot& serving, const NewBlend& fresh, double after) {
  const Catalogue& theirs = serving.catalogue();
  Common common{ItemSet(fresh.catalogue.size()), ItemSet(theirs.size()), {}, {}};
  std::vector<ItemId> place(fresh.catalogue.size(), kNoItem);  // in the serving catalogue
  for (ItemId i = 0; i < fresh.catalogue.size(); ++i) {
    place[i] = theirs.find(fresh.catalogue.id(i));
    if (!fresh.catalogue.searchable().contains(i) || !theirs.searchable().contains(place[i])) continue;
    common.fresh_items.insert(i);
    common.serving_items.insert(place[i]);
  }
  for (std::size_t s = 0; s < fresh.held_out.size(); ++s) {
    const HeldOut& one = fresh.held_out[s];
    const HeldOut& known = fresh.as_serving_knows[s];
    if (!(one.time > after) || !common.fresh_items.contains(one.target)) continue;
    HeldOut same;
    for (std::size_t i = 0; i < one.prefix.size(); ++i) {
      if (place[one.prefix[i]] == kNoItem) continue;
      same.prefix.push_back(place[one.prefix[i]]);
      if (!one.times.empty()) same.times.push_back(one.times[i]);
      if (!known.contexts.empty()) same.contexts.push_back(known.contexts[i]);
    }
    if (same.prefix.empty()) continue;
    same.target = place[one.target];
    same.texts = one.texts;
    same.time = one.time;
    same.sets = known.sets;
    same.request = known.request;
    common.fresh.push_back(one);
    common.serving.push_back(std::move(same));
  }
  return common;
}

std::vector<double> gains(const Blend& blend, const SeenRule& seen, const ItemSet& items,
                          std::span<const HeldOut> held_out, kernels::ThreadPool& pool, Progress& progress) {
  EvaluationOptions options;
  options.metrics = {kNdcg10};
  options.seen = seen;
  return Evaluator(items, pool, progress).evaluate(scorer_of(blend), held_out, options).by_target.front();
}

/// Sets passed and reason; error: of the difference of both figures.
void judge(ServingComparison& comparison, double error, double margin) {
  const double loss = comparison.serving - comparison.fresh;
  comparison.passed = loss <= margin * comparison.serving || loss <= kOneSided95 * error;
  if (comparison.passed) return;
  char text[240];
  std::snprintf(
      text, sizeof text,
      "the snapshot that serves, %s, has NDCG@10 %.4f by %s, the new blend %.4f: more than the margin of "
      "%g %% and more than chance",
      comparison.snapshot.c_str(), comparison.serving, comparison.by.c_str(), comparison.fresh, 100 * margin);
  comparison.reason = text;
}

/// The serving blend's figure and its standard error, as its manifest has them.
std::optional<std::pair<double, double>> validation_figure(const Manifest& manifest) {
  const nlohmann::json& evaluation = manifest.evaluation;
  const nlohmann::json::json_pointer ndcg("/models/blend/ndcg@10");
  if (!evaluation.contains(ndcg) || !evaluation.at(ndcg).is_number()) return std::nullopt;
  const double value = evaluation.at(ndcg).get<double>();
  const auto error = evaluation.find("blend_error");
  if (error != evaluation.end() && error->is_number()) return std::pair(value, error->get<double>());
  // Gains lie between 0 and 1, so their variance is at most that of a coin with this mean.
  const double sequences = evaluation.value("sequences", 0.0);
  if (!(sequences > 0)) return std::nullopt;
  return std::pair(value, std::sqrt(value * (1 - value) / sequences));
}

}  // namespace

ServingComparison compare_with_serving(const Snapshot& serving, const NewBlend& fresh,
                                       const ServingMargin& margin, kernels::ThreadPool& pool,
                                       Progress& progress) {
  ServingComparison comparison;
  comparison.snapshot = serving.id();
  comparison.by = "nothing";
  if (serving.blend() == nullptr) return comparison;

  if (const auto after = newest_event(serving.manifest())) {
    const Common common = in_common(serving, fresh, *after);
    if (!common.fresh.empty() && common.fresh.size() >= margin.min_events) {
      const std::vector<double> ours =
          gains(fresh.blend, fresh.seen, common.fresh_items, common.fresh, pool, progress);
      Blend plain = *serving.blend();
      plain.correct_popularity(*serving.model("popularity"), 0);  // as the new one: models are judged
      const std::vector<double> theirs =
          gains(plain, serving.seen(), common.serving_items, common.serving, pool, progress);
      comparison.by = "newer events";
      comparison.events = ours.size();
      comparison.serving = mean(theirs);
      comparison.fresh = mean(ours);
      judge(comparison, error_of_difference(ours, theirs), margin.margin);
      return comparison;
    }
  }
  if (const auto figure = validation_figure(serving.manifest())) {
    comparison.by = "validation figures";
    comparison.events = fresh.held_out.size();
    comparison.serving = figure->first;
    comparison.fresh = fresh.ndcg;
    judge(comparison, std::hypot(figure->second, fresh.error), margin.margin);
  }
  return comparison;
}

nlohmann::json to_json(const ServingComparison& comparison) {
  nlohmann::json object = {{"snapshot", comparison.snapshot}, {"by", comparison.by}};
  if (comparison.by == "nothing") return object;
  object["events"] = comparison.events;
  object["ndcg@10"] = {{"serving", comparison.serving}, {"new", comparison.fresh}};
  return object;
}

}  // namespace segue::index
