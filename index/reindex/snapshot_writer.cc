#include "index/reindex/snapshot_writer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "index/input/jsonl_writer.h"
#include "index/model/content_vectors.h"
#include "index/reindex/sequence_digest.h"
#include "index/snapshot/durable_file.h"
#include "index/snapshot/snapshot_files.h"
#include "index/snapshot/user_sessions.h"
#include "index/suggestions/suggestion_table.h"
#include "index/text/text_index.h"
#include "index/vector/vector_index.h"

namespace segue::index {
namespace {

Metric content_metric(const std::string& name) {
  if (name == "ip") return Metric::kInnerProduct;
  return name == "l2" ? Metric::kL2 : Metric::kCosine;
}

std::vector<ItemId> as_items(std::span<const std::int32_t> vocabulary) {
  return {vocabulary.begin(), vocabulary.end()};
}

void write_items(const SnapshotParts& parts, Staging& staging) {
  const std::filesystem::path file = staging.file(files::kItems);
  {
    JsonlWriter writer(file);
    for (ItemId i = 0; i < parts.catalogue.size(); ++i) writer.write(parts.catalogue.item(i));
    writer.finish();
  }
  sync_file(file);
  parts.catalogue.save(staging.file(files::kItemRecords));
  UserSessions::build(parts.log, parts.event_contexts, staging.file(files::kUserSessions));
}

void write_models(const SnapshotParts& parts, Staging& staging, Manifest& manifest) {
  const ModelSet& models = parts.models;
  if (!parts.contexts.empty()) parts.contexts.save(staging.file(files::kContexts));
  models.popularity->save(staging.file(files::kPopularity));
  manifest.models["popularity"] = {models.popularity->half_life() ? "log-faded-count-1" : "log-count-1", 0,
                                   ""};
  if (models.context_popularity) {
    models.context_popularity->save(staging.file(files::kContextPopularity));
    manifest.models["context-popularity"] = {"context-lifts-1", 0, ""};
  }
  if (models.transitions) {
    models.transitions->save(staging.file(files::kTransitions));
    manifest.models["transitions"] = {"distance-weighted-1", 0, ""};
  }
  if (models.item_neighbours) {
    models.item_neighbours->save(staging.file(files::kItemNeighbours));
    manifest.models[std::string(ItemNeighbours::kName)] = {"shrunk-cosine-1", 0, ""};
  }
  if (models.user_neighbours) {
    models.user_neighbours->save(staging.file(files::kUserNeighbours));
    manifest.models[std::string(UserNeighbours::kName)] = {"shrunk-cosine-votes-1", 0, ""};
  }
  if (models.session_neighbours) {
    models.session_neighbours->save(staging.file(files::kSessionNeighbours));
    manifest.models[std::string(SessionNeighbours::kName)] = {"vmis-distance-1", 0, ""};
  }
  if (models.mf) {
    const MatrixFactorization& mf = models.mf->factorization();
    mf.save(staging.file(files::kMf), parts.plan.weights);
    manifest.models["mf"] = {"implicit-als-1", mf.item_factors().cols, "ip"};
    models.mf->vectors().save(staging.file(files::vectors_of("mf")));
  }
  if (models.transformer) {
    const TransformerWeights& weights = models.transformer->weights();
    weights.save(staging.file(files::kTransformer), parts.plan.weights);
    manifest.models["transformer"] = {"session-transformer-1", weights.config().width,
                                      std::string(to_string(models.transformer->vectors().metric()))};
    models.transformer->vectors().save(staging.file(files::vectors_of("transformer")));
  }
  if (models.rating) {
    const RatingFactorization& rating = models.rating->factorization();
    rating.save(staging.file(files::kRating));
    manifest.models["rating"] = {"rating-" + std::string(to_string(rating.method())) + "-1", 0, ""};
  }
  if (models.content) {
    const ContentSpace& space = models.content->space();
    space.save(staging.file(files::kWords));
    manifest.models["words"] = {"latent-semantic-1", space.width(), "cosine"};
    models.content->vectors().save(staging.file(files::vectors_of("words")));
  }
  for (const std::string& kind : given_kinds(parts.catalogue)) {
    const ContentVectors given = ContentVectors::of(parts.catalogue, kind);
    given.save(staging.file(files::given_file(kind)), parts.plan.weights);
    manifest.models[kind] = {std::string(files::kGivenVersion), given.vectors().cols,
                             parts.config.vectors.metric};
    VectorIndex::build(given.vectors(), as_items(given.vocabulary()),
                       content_metric(parts.config.vectors.metric), parts.plan.vector_factory,
                       parts.plan.vectors)
        ->save(staging.file(files::given_index(kind)));
  }
}

}  // namespace

void write_snapshot(const SnapshotParts& parts, Staging& staging, Manifest& manifest) {
  parts.phases.begin("vectors");
  write_items(parts, staging);
  TrainedSequences::of(parts.log, parts.catalogue).save(staging.file(TrainedSequences::kFile));
  write_models(parts, staging, manifest);
  parts.phases.begin("text");
  TextIndex::build(parts.catalogue, staging.directory() / files::kText, parts.config.text.analyzer);
  parts.phases.begin("suggestions");
  // Without events on items the counts are the items' prior weights, which the table adds by itself.
  const bool counted =
      std::any_of(parts.log.events.begin(), parts.log.events.end(),
                  [](const LogEvent& event) { return event.item != kNoItem && event.weight > 0; });
  const std::span<const float> counts =
      !counted ? std::span<const float>() : parts.models.popularity->counts();
  SuggestionTable::build(parts.catalogue, counts, staging.file(files::kSuggestions));
}

}  // namespace segue::index
