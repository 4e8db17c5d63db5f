#include "index/snapshot/snapshot.h"

#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "index/model/content_model.h"
#include "index/model/content_vectors.h"
#include "index/model/context_popularity.h"
#include "index/model/item_neighbours.h"
#include "index/model/matrix_factorization.h"
#include "index/model/mf_model.h"
#include "index/model/popularity.h"
#include "index/model/rating_model.h"
#include "index/model/session_neighbours.h"
#include "index/model/transformer_model.h"
#include "index/model/transitions.h"
#include "index/model/user_neighbours.h"
#include "index/snapshot/snapshot_files.h"
#include "index/snapshot/snapshot_store.h"
#include "index/snapshot/user_sessions.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"

namespace segue::index {
namespace {

constexpr std::string_view kMend = "roll back with `segue snapshots rollback`, or run `segue reindex` again";

}  // namespace

struct Snapshot::Impl {
  Manifest manifest;
  std::unique_ptr<Catalogue> catalogue;
  std::unique_ptr<TextIndex> text;
  std::unique_ptr<SuggestionTable> suggestions;
  std::map<std::string, std::shared_ptr<const VectorIndex>, std::less<>> vectors;
  std::map<std::string, std::unique_ptr<SessionModel>, std::less<>> models;
  std::span<const float> item_events;  // popularity's
  std::string best_neighbours;         ///< what "neighbours" means; empty: there are none
  ContextVocabulary contexts;
  std::unique_ptr<Blend> blend;
  SeenRule seen;
  HalfLife half_life;
  std::unique_ptr<SessionModel> unfaded_popularity;  // what the blend corrects by; null: nothing
  double diversity = 0;
  double words_weight = 0;
  double session_weight = 1;
  Bm25Parameters bm25;
  UserSessions users;
};

Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::~Snapshot() = default;

std::shared_ptr<const Snapshot> Snapshot::open(const SnapshotStore& store, const std::string& id,
                                               const kernels::Backend& backend, bool verify) {
  auto impl = std::make_unique<Impl>();
  if (verify) {
    kernels::ThreadPool pool;
    impl->manifest = store.verify(id, &pool);
  } else {
    impl->manifest = store.open_manifest(id);
  }
  const Manifest& manifest = impl->manifest;
  const std::filesystem::path folder = store.path_of(id);
  const auto has = [&](std::string_view file) { return manifest.files.contains(std::string(file)); };
  const auto damaged = [&](const std::string& what) {
    return Error(ErrorKind::kDamagedStore, what, (folder / "manifest.json").string(), kMend);
  };

  impl->catalogue = std::make_unique<Catalogue>(Catalogue::open(folder / files::kItemRecords));
  const Catalogue& catalogue = *impl->catalogue;
  if (catalogue.size() != manifest.item_count())
    throw damaged("the manifest counts other items than items.safetensors holds");
  impl->text = TextIndex::open(folder / files::kText, catalogue);
  impl->suggestions = SuggestionTable::open(folder / files::kSuggestions, catalogue);
  for (const std::string_view space : files::kSpaces) {
    const std::string file = files::vectors_of(space);
    if (has(file)) impl->vectors.emplace(space, VectorIndex::open(folder / file));
  }
  for (const auto& [kind, model] : manifest.models) {
    if (model.version != files::kGivenVersion) continue;
    impl->vectors.emplace(kind, VectorIndex::open(folder / files::given_index(kind)));
  }

  if (has(files::kContexts)) impl->contexts = ContextVocabulary::open(folder / files::kContexts);
  impl->users = UserSessions::open(folder / files::kUserSessions, catalogue, impl->contexts);
  auto popularity = Popularity::open(folder / files::kPopularity, catalogue);
  impl->item_events = popularity->counts();
  impl->half_life = popularity->half_life();
  if (has(files::kContextPopularity)) {
    impl->models["context-popularity"] = ContextPopularity::open(
        folder / files::kContextPopularity, impl->contexts.size(), *popularity, catalogue);
  }
  impl->models["popularity"] = std::move(popularity);
  if (has(files::kTransitions))
    impl->models["transitions"] = Transitions::open(folder / files::kTransitions, catalogue);
  const auto add = [&](std::unique_ptr<SessionModel> model) {
    std::string name(model->name());
    impl->models[std::move(name)] = std::move(model);
  };
  if (has(files::kItemNeighbours)) add(ItemNeighbours::open(folder / files::kItemNeighbours, catalogue));
  if (has(files::kUserNeighbours)) add(UserNeighbours::open(folder / files::kUserNeighbours, catalogue));
  if (has(files::kSessionNeighbours))
    add(SessionNeighbours::open(folder / files::kSessionNeighbours, catalogue));
  try {
    if (const auto found = manifest.training.find("neighbours"); found != manifest.training.end())
      impl->best_neighbours = found->at("best").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    throw damaged(std::string("`training.neighbours`: ") + error.what());
  }
  if (!impl->best_neighbours.empty() && !impl->models.contains(impl->best_neighbours))
    throw damaged("`training.neighbours` names the model `" + impl->best_neighbours +
                  "`, which is not there");
  if (has(files::kMf)) {
    impl->models["mf"] =
        std::make_unique<MfModel>(MatrixFactorization::open(folder / files::kMf, catalogue.size()),
                                  impl->vectors["mf"], catalogue, backend);
  }
  if (has(files::kTransformer)) {
    auto weights = TransformerWeights::open(folder / files::kTransformer);
    if (const std::size_t known = weights.config().contexts; known != 0 && known != impl->contexts.size()) {
      throw damaged("the Transformer knows " + std::to_string(known) + " values of context, " +
                    std::string(files::kContexts) + " names " + std::to_string(impl->contexts.size()));
    }
    impl->models["transformer"] = std::make_unique<TransformerModel>(
        std::move(weights), impl->vectors["transformer"], catalogue, backend);
  }
  if (has(files::kRating)) {
    impl->models["rating"] = std::make_unique<RatingModel>(
        RatingFactorization::open(folder / files::kRating, catalogue.size()), catalogue, backend);
  }
  if (has(files::kWords)) {
    impl->models["content"] = std::make_unique<ContentModel>(
        std::make_shared<ContentSpace>(ContentSpace::open(folder / files::kWords, catalogue.size())),
        impl->vectors["words"], catalogue, backend);
  }

  const auto seen = parse_seen_rule(manifest.seen);
  if (!seen) throw damaged("`seen` is `" + manifest.seen + "`");
  impl->seen = *seen;
  if (!manifest.blend.empty()) {
    std::vector<const SessionModel*> models;
    for (const auto& [name, weight] : manifest.blend) {
      if (!impl->models.contains(name))
        throw damaged("`blend` names the model `" + name + "`, which is not there");
    }
    for (const auto& [name, model] : impl->models) models.push_back(model.get());
    try {
      impl->blend = std::make_unique<Blend>(blend_weights(manifest.blend, manifest.blend_offsets), models,
                                            impl->item_events);
    } catch (const std::invalid_argument& error) {
      throw damaged(std::string("`blend`: ") + error.what());
    }
  }
  try {
    const nlohmann::json& serving = manifest.training.at("serving");
    // Absent from what a version without them wrote.
    impl->diversity = serving.value("diversity", 0.0);
    if (const double correction = serving.value("popularity_correction", 0.0);
        impl->blend && correction != 0) {
      if (correction < 0) throw damaged("`training.serving.popularity_correction` is below 0");
      const auto& popular = dynamic_cast<const Popularity&>(*impl->models.at("popularity"));
      impl->unfaded_popularity = popular.unfaded(catalogue);
      impl->blend->correct_popularity(*impl->unfaded_popularity, correction);
    }
    impl->words_weight = serving.at("words_weight").get<double>();
    impl->session_weight = serving.at("session_weight").get<double>();
    impl->bm25 = {serving.at("k1").get<double>(), serving.at("b").get<double>()};
  } catch (const nlohmann::json::exception& error) {
    throw damaged(std::string("`training.serving`: ") + error.what());
  }
  if (!(impl->diversity >= 0 && impl->diversity < 1))
    throw damaged("`training.serving.diversity` is no share from 0 to below 1");
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(impl)));
}

const std::string& Snapshot::id() const {
  return impl_->manifest.id;
}
const Manifest& Snapshot::manifest() const {
  return impl_->manifest;
}
const Catalogue& Snapshot::catalogue() const {
  return *impl_->catalogue;
}
const TextIndex& Snapshot::text() const {
  return *impl_->text;
}
const SuggestionTable& Snapshot::suggestions() const {
  return *impl_->suggestions;
}
std::span<const float> Snapshot::item_events() const {
  return impl_->item_events;
}
const ContextVocabulary& Snapshot::contexts() const {
  return impl_->contexts;
}
const Blend* Snapshot::blend() const {
  return impl_->blend.get();
}
const SeenRule& Snapshot::seen() const {
  return impl_->seen;
}
const HalfLife& Snapshot::half_life() const {
  return impl_->half_life;
}
double Snapshot::diversity() const {
  return impl_->diversity;
}
double Snapshot::words_weight() const {
  return impl_->words_weight;
}
double Snapshot::session_weight() const {
  return impl_->session_weight;
}
Bm25Parameters Snapshot::bm25() const {
  return impl_->bm25;
}

const SessionModel* Snapshot::model(std::string_view name) const {
  const auto found =
      impl_->models.find(name == "neighbours" ? std::string_view(impl_->best_neighbours) : name);
  return found == impl_->models.end() ? nullptr : found->second.get();
}

std::vector<std::string> Snapshot::model_names() const {
  std::vector<std::string> names;
  for (const auto& [name, model] : impl_->models) names.push_back(name);
  return names;
}

const VectorIndex* Snapshot::vectors(std::string_view space) const {
  const auto found = impl_->vectors.find(space);
  return found == impl_->vectors.end() ? nullptr : found->second.get();
}

std::vector<std::string> Snapshot::vector_spaces() const {
  std::vector<std::string> spaces;
  for (const auto& [space, vectors] : impl_->vectors) {
    if (vectors) spaces.push_back(space);
  }
  return spaces;
}

std::optional<std::vector<Event>> Snapshot::session_of(std::string_view user) const {
  return impl_->users.find(user);
}

}  // namespace segue::index
