#include "index/reindex/newcomer_trials.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "index/model/as_if_new.h"
#include "index/model/content_placement.h"
#include "index/model/newcomer_weights.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::uint64_t kShares = 10;  // of which each trial draws one
constexpr std::uint64_t kTrials = 3;
constexpr std::uint64_t kStream = 0x4e657743;  // apart from other draws of the seed

TransformerWeights without_items(const TransformerWeights& weights, const ItemSet& items) {
  std::vector<ItemId> left;
  for (const ItemId item : weights.vocabulary()) {
    if (!items.contains(item)) left.push_back(item);
  }
  TransformerWeights result(weights.config(), left);
  std::ranges::copy(weights.flat_body(), result.flat_body().begin());
  for (std::size_t r = 0; r < left.size(); ++r)
    weights.copy_items(weights.row(left[r]), result.items().rows_at(r, 1));
  return result;
}

MatrixFactorization without_items(const MatrixFactorization& mf, const ItemSet& items) {
  std::vector<std::int32_t> left;
  std::vector<float> factors;
  for (std::size_t r = 0; r < mf.vocabulary().size(); ++r) {
    if (items.contains(static_cast<ItemId>(mf.vocabulary()[r]))) continue;
    left.push_back(mf.vocabulary()[r]);
    const auto row = mf.item_factors().row_span(r);
    factors.insert(factors.end(), row.begin(), row.end());
  }
  return mf.with_items(std::move(left), std::move(factors));
}

/// The models as if some items were new.
struct ModelsAsIfNew {
  ItemSet newcomers, others, unknown;  // unknown: newcomers, and what has no event anyway
  std::vector<float> events;
  std::vector<std::unique_ptr<SessionModel>> models;
  std::vector<const SessionModel*> views;

  ModelsAsIfNew(const ModelSet& set, const TrainingEnvironment& environment, std::uint64_t seed,
                std::uint64_t share)
      : newcomers(environment.catalogue.size()),
        others(environment.catalogue.size()),
        unknown(environment.catalogue.size()),
        events(set.popularity->counts().begin(), set.popularity->counts().end()) {
    for (ItemId i = 0; i < events.size(); ++i) {
      const bool drawn = mix_seed(mix_seed(seed, kStream), i) % kShares == share;
      const bool searchable = environment.catalogue.searchable().contains(i);
      if (!(events[i] > 0)) {
        unknown.insert(i);
      } else if (drawn && searchable) {
        newcomers.insert(i);
        unknown.insert(i);
        events[i] = 0;
      } else if (searchable) {
        others.insert(i);
      }
    }
    for (const SessionModel* part : set.parts()) add(*part, set, environment);
    models.push_back(std::make_unique<AsIfNew>(*set.popularity, newcomers));
    for (const auto& model : models) views.push_back(model.get());
    // It looks at no event.
    if (set.content) views.push_back(set.content.get());
  }

 private:
  void add(const SessionModel& part, const ModelSet& set, const TrainingEnvironment& environment) {
    const PlacementOptions placement{.prior_events = 0, .seed = environment.content->options().seed};
    if (&part == set.content.get()) return;
    if (&part == set.transformer.get()) {
      models.push_back(std::make_unique<TransformerModel>(
          place_by_content(without_items(set.transformer->weights(), unknown), *environment.content, events,
                           placement, environment.backend),
          nullptr, environment.catalogue, environment.backend));
    } else if (&part == set.mf.get()) {
      models.push_back(std::make_unique<MfModel>(
          place_by_content(without_items(set.mf->factorization(), unknown), *environment.content, events,
                           placement, environment.backend),
          nullptr, environment.catalogue, environment.backend));
    } else {
      models.push_back(std::make_unique<AsIfNew>(part, newcomers));
    }
  }
};

}  // namespace

NewcomerTrials::NewcomerTrials(const ModelSet& models, const BlendWeights& blend,
                               std::span<const HeldOut> held_out, const SeenRule& seen, std::uint64_t seed,
                               const TrainingEnvironment& environment)
    : fitting_(blend, held_out, seen, environment.pool, environment.progress) {
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    const ModelsAsIfNew as_if(models, environment, seed, trial);
    if (as_if.newcomers.count() > 0)
      fitting_.add({as_if.views, &as_if.newcomers, &as_if.others, as_if.events});
  }
}

NewcomerChoice NewcomerTrials::weigh(double cost) const {
  NewcomerWeights::Fit fit = fitting_.fit(cost);
  return {std::move(fit.weights), cost, fit.ndcg, fit.others, fit.others_before, fit.targets};
}

}  // namespace segue::index
