#include "index/reindex/model_set.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

#include "index/model/content_placement.h"
#include "index/model/rating_data.h"
#include "index/model/rating_training.h"
#include "index/model/transformer_measure.h"
#include "index/reindex/transformer_run.h"

namespace segue::index {

bool TrainingPlan::wants(std::string_view model) const {
  return std::find(models.begin(), models.end(), model) != models.end();
}

std::vector<const SessionModel*> ModelSet::parts() const {
  std::vector<const SessionModel*> parts;
  for (const SessionModel* model :
       {static_cast<const SessionModel*>(mf.get()), static_cast<const SessionModel*>(transformer.get()),
        static_cast<const SessionModel*>(transitions.get()), static_cast<const SessionModel*>(rating.get()),
        static_cast<const SessionModel*>(item_neighbours.get()),
        static_cast<const SessionModel*>(user_neighbours.get()),
        static_cast<const SessionModel*>(session_neighbours.get()),
        static_cast<const SessionModel*>(context_popularity.get()),
        static_cast<const SessionModel*>(content.get())}) {
    if (model != nullptr) parts.push_back(model);
  }
  return parts;
}

namespace {

std::unique_ptr<TransformerModel> transformer_of(TransformerWeights weights, const TrainingPlan& plan,
                                                 const TrainingEnvironment& environment) {
  for (const PruningStep& step : plan.pruning) weights = without(weights, step);
  weights.round_to(plan.weights);
  const Metric metric = TransformerModel::metric_of(weights.config());
  auto vectors =
      VectorIndex::build(weights.items(), weights.vocabulary(), metric, plan.vector_factory, plan.vectors);
  return std::make_unique<TransformerModel>(std::move(weights), std::move(vectors), environment.catalogue,
                                            environment.backend);
}

/// Which parts the Transformer can do without on the validation sequences; nothing where it is not asked for.
std::optional<Pruning> pruning_of(const TransformerWeights& weights, const TrainingPlan& plan,
                                  TrainingEnvironment& environment) {
  if (plan.prune <= 0 || environment.validation.empty() || weights.config().form != TransformerForm::kSegue)
    return std::nullopt;
  environment.phases.begin("prune");
  TransformerMeasure measure(environment.validation, weights.vocabulary(),
                             &environment.catalogue.searchable(), environment.backend, environment.pool);
  return find_pruning(weights, plan.prune, [&](const TransformerWeights& left) {
    environment.progress.check();
    const std::vector<float> values = measure.ndcg(left);
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  });
}

/// The model of weights that training or import gave, without what validation finds dispensable.
void add_transformer(ModelSet& set, TransformerWeights weights, const TrainingPlan& plan,
                     TrainingEnvironment& environment) {
  set.pruning = pruning_of(weights, plan, environment);
  if (set.pruning) {
    for (const PruningStep& step : set.pruning->steps) weights = without(weights, step);
  }
  set.transformer = transformer_of(std::move(weights), plan, environment);
}

}  // namespace

std::shared_ptr<const ContentSpace> train_content(const TrainingPlan& plan,
                                                  TrainingEnvironment& environment) {
  if (!plan.wants("content")) return nullptr;
  environment.phases.begin("content");
  auto space = std::make_shared<const ContentSpace>(ContentSpace::train(
      environment.catalogue, plan.content, environment.backend, environment.pool, environment.progress));
  return space->empty() ? nullptr : space;
}

ModelSet train_models(const TrainingData& data, const TrainingPlan& plan, TrainingEnvironment& environment,
                      const std::string& suffix) {
  ModelSet set;
  set.popularity = Popularity::train(data, environment.catalogue, plan.half_life);
  set.context_popularity = ContextPopularity::train(data, *set.popularity, environment.catalogue);
  if (plan.wants("rating") && data.ratings != nullptr) {
    environment.phases.begin("ratings" + suffix);
    set.rating = std::make_unique<RatingModel>(
        train_rating(*data.ratings, plan.rating,
                     {environment.backend, environment.pool, environment.progress}),
        environment.catalogue, environment.backend);
  }
  if (environment.content) {
    const auto items = environment.content->vocabulary();
    set.content = std::make_unique<ContentModel>(
        environment.content,
        VectorIndex::build(environment.content->vectors(), std::vector<ItemId>(items.begin(), items.end()),
                           Metric::kCosine, plan.vector_factory, plan.vectors),
        environment.catalogue, environment.backend);
  }
  const auto placed = [&, events = event_counts(data)](auto model) {
    return !environment.content
               ? model
               : place_by_content(model, *environment.content, events,
                                  {.prior_events = plan.prior_events, .seed = plan.content.seed},
                                  environment.backend);
  };
  const bool has_pairs = std::any_of(data.offsets.begin() + 1, data.offsets.end(),
                                     [&, previous = std::size_t{0}](std::size_t end) mutable {
                                       const std::size_t length = end - previous;
                                       previous = end;
                                       return length >= 2;
                                     });
  if (plan.wants("transformer") && plan.imports_as_it_is())
    add_transformer(set, *plan.imported, plan, environment);
  if (!has_pairs) return set;
  if (plan.wants("mf")) {
    environment.phases.begin("factorise" + suffix);
    MatrixFactorization factorization = placed(MatrixFactorization::train(
        data, plan.mf, environment.backend, environment.pool, environment.progress));
    set.curves.push_back({"mf" + suffix, factorization.curve()});
    factorization.round_to(plan.weights);
    const auto items = factorization.vocabulary();
    auto vectors =
        VectorIndex::build(factorization.item_factors(), std::vector<ItemId>(items.begin(), items.end()),
                           Metric::kInnerProduct, plan.vector_factory, plan.vectors);
    set.mf = std::make_unique<MfModel>(std::move(factorization), std::move(vectors), environment.catalogue,
                                       environment.backend);
  }
  if (plan.wants("transformer") && !plan.imports_as_it_is()) {
    TransformerRun run = run_transformer(data, plan, environment, suffix);
    set.transformer_epochs = run.epochs;
    std::ranges::move(run.curves, std::back_inserter(set.curves));
    add_transformer(set, placed(std::move(run.weights)), plan, environment);
  }
  if (plan.wants("transitions")) {
    environment.phases.begin("transitions" + suffix);
    set.transitions = Transitions::train(data, plan.transitions, environment.catalogue, environment.pool,
                                         environment.progress);
  }
  if (plan.wants(ItemNeighbours::kName)) {
    environment.phases.begin("item neighbours" + suffix);
    set.item_neighbours = ItemNeighbours::train(data, plan.item_neighbours, environment.catalogue,
                                                environment.pool, environment.progress);
  }
  if (plan.wants(UserNeighbours::kName)) {
    environment.phases.begin("user neighbours" + suffix);
    set.user_neighbours = UserNeighbours::train(data, plan.user_neighbours, environment.catalogue);
  }
  if (plan.wants(SessionNeighbours::kName)) {
    environment.phases.begin("session neighbours" + suffix);
    set.session_neighbours = SessionNeighbours::train(data, plan.session_neighbours, environment.catalogue);
  }
  return set;
}

}  // namespace segue::index
