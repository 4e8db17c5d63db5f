#include "index/reindex/plan.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "index/config_json.h"
#include "index/input/time.h"
#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::array kNeighbours = {ItemNeighbours::kName, UserNeighbours::kName, SessionNeighbours::kName};
constexpr std::array<std::string_view, 8> kModels = {
    "mf", "transformer", "transitions", "content", "rating", kNeighbours[0], kNeighbours[1], kNeighbours[2]};

TransitionOptions transition_options(const Config::Transitions& config) {
  TransitionOptions options;
  if (config.preset == "custom") {
    options.preset = config.preset;
    options.max_distance = config.max_distance;
    options.distance_exponent = config.distance_exponent;
    options.symmetry = config.symmetry;
    options.row_exponent = config.row_exponent;
    options.column_exponent = config.column_exponent;
    options.history = config.history;
    options.decay = config.decay == "geometric" ? HistoryDecay::kGeometric : HistoryDecay::kPower;
    options.decay_rate = config.decay_rate;
  } else {
    for (const TransitionOptions& preset : transition_presets()) {
      if (preset.preset == config.preset) options = preset;
    }
  }
  options.max_neighbours = config.max_neighbours;
  return options;
}

/// What [neighbours] says about its three models.
void take_neighbours(const Config::Neighbours& config, TrainingPlan& plan) {
  // The configuration was checked for the names of decays.
  const auto decay = [](const std::string& name) { return parse_history_decay(name).value(); };
  plan.item_neighbours = {.max_items = config.max_items,
                          .weight_exponent = config.item_weight_exponent,
                          .length_exponent = config.item_length_exponent,
                          .asymmetry = config.item_asymmetry,
                          .shrink = config.item_shrink,
                          .history = config.item_history,
                          .decay = decay(config.item_decay),
                          .decay_rate = config.item_decay_rate,
                          .max_neighbours = config.item_max_neighbours};
  plan.user_neighbours = {.max_items = config.max_items,
                          .weight_exponent = config.user_weight_exponent,
                          .idf_exponent = config.user_idf_exponent,
                          .asymmetry = config.user_asymmetry,
                          .shrink = config.user_shrink,
                          .history = config.user_history,
                          .decay_rate = config.user_decay_rate,
                          .voters = config.user_voters,
                          .max_sequences = config.user_max_sequences};
  plan.session_neighbours = {.max_items = config.max_items,
                             .history = config.session_history,
                             .decay = decay(config.session_decay),
                             .decay_rate = config.session_decay_rate,
                             .match_decay = config.session_match_decay,
                             .idf_exponent = config.session_idf_exponent,
                             .distance_exponent = config.session_distance_exponent,
                             .before_weight = config.session_before_weight,
                             .voters = config.session_voters,
                             .max_sequences = config.session_max_sequences,
                             .sample = config.session_sample,
                             .max_distance = config.session_max_distance};
}

TransformerOptions transformer_options(const Config::Transformer& config, double context_dropout,
                                       std::uint64_t seed) {
  TransformerOptions options;
  options.width = config.width;
  options.layers = config.layers;
  options.heads = config.heads;
  options.feed_forward = config.feed_forward;
  options.window = config.window;
  options.temperature = static_cast<float>(config.temperature);
  options.epochs = config.epochs;
  options.dropout = static_cast<float>(config.dropout);
  options.rate = static_cast<float>(config.rate);
  options.warm_up_steps = config.warm_up_steps;
  options.final_rate = static_cast<float>(config.final_rate);
  options.batch_sequences = config.batch_sequences;
  options.batch_positions = config.batch_positions;
  options.negatives = config.negatives;
  options.negative_power = config.negative_power;
  options.ppmi_start = config.ppmi_start;
  options.patience = config.patience;
  options.context_dropout = static_cast<float>(context_dropout);
  options.seed = seed;
  return options;
}

MfOptions mf_options(const Config::Mf& config, std::uint64_t seed) {
  return {.factors = config.factors,
          .iterations = config.iterations,
          .unobserved_weight = config.unobserved_weight,
          .confidence = config.confidence,
          .ridge = config.ridge,
          .ridge_exponent = config.ridge_exponent,
          .descent_steps = config.descent_steps,
          .recency = config.recency,
          .seed = seed};
}

/// The configuration's table has checked the name; a Config that a program has filled in was not checked.
Storage storage_of(const std::string& name) {
  if (const auto storage = parse_storage(name)) return *storage;
  throw Error(ErrorKind::kUsage, "there is no storage `" + name + "`", "[storage]",
              "take fp32, fp16 or int8");
}

/// "auto" is settled by validation, and "none" until then.
HalfLife half_life_of(const std::string& text) {
  if (text == "auto" || text == "none") return {};
  if (const auto seconds = parse_duration(text); seconds && *seconds > 0) return seconds;
  throw Error(ErrorKind::kUsage, "there is no half-life `" + text + "`", "[popularity]",
              "write a duration such as 30d, none or auto");
}

RatingOptions rating_options(const Config::Rating& config, std::uint64_t seed) {
  RatingOptions options;
  options.method = parse_rating_method(config.method);
  options.factors = config.factors;
  options.ridge = config.ridge;
  options.bias_ridge = config.bias_ridge;
  options.held_back = config.held_back;
  options.seed = seed;
  options.epochs = config.epochs;
  options.patience = config.patience;
  options.rate = config.rate;
  options.rate_decay = config.rate_decay;
  return options;
}

ContentOptions content_options(const Config::Content& config, std::uint64_t seed) {
  return {.width = config.width,
          .features = config.features,
          .vectors_weight = config.vectors_weight,
          .ids_weight = config.ids_weight,
          .history = config.history,
          .recency = config.recency,
          .seed = seed};
}

/// Distillation trains the Transformer that it learns from.
void require_training(const ReindexRequest& request, const TrainingPlan& plan) {
  if (plan.transformer.epochs > 0) return;
  throw Error(ErrorKind::kUsage, "a Transformer that is not trained cannot be distilled",
              "transformer.epochs",
              request.import_weights.empty()
                  ? "take 1 or more"
                  : "take 1 or more: the imported weights are where the wide one's training begins");
}

}  // namespace

TrainingPlan training_plan(const ReindexRequest& request) {
  TrainingPlan plan;
  for (const std::string& name : request.models) {
    // Named for completeness: popularity and the blend are made of whatever there is.
    if (name == "popularity" || name == "context-popularity" || name == "blend") continue;
    if (name == "neighbours") {
      plan.models.insert(plan.models.end(), kNeighbours.begin(), kNeighbours.end());
      continue;
    }
    if (std::find(kModels.begin(), kModels.end(), name) == kModels.end()) {
      const std::string near = nearest_name(name, kModels);
      throw Error(ErrorKind::kUsage, "there is no model `" + name + "`", "--models",
                  near.empty()
                      ? "known are mf, transformer, transitions, rating, neighbours (or item-neighbours, "
                        "user-neighbours, session-neighbours), content and blend"
                      : "did you mean `" + near + "`?");
    }
    plan.models.push_back(name);
  }
  if (request.models.empty()) plan.models.assign(kModels.begin(), kModels.end());
  plan.mf = mf_options(request.config.mf, request.seed);
  plan.transformer =
      transformer_options(request.config.transformer, request.config.context.dropout, request.seed);
  plan.transformer_checkpoint_seconds = 60 * request.config.transformer.checkpoint_minutes;
  plan.half_life = half_life_of(request.config.popularity.half_life);
  plan.transitions = transition_options(request.config.transitions);
  plan.prune = request.config.transformer.prune;
  plan.weights = storage_of(request.config.storage.weights);
  plan.vectors = storage_of(request.config.storage.vectors);
  plan.vector_factory = request.config.vectors.factory;
  plan.content = content_options(request.config.content, request.seed);
  plan.prior_events = request.config.content.prior_events;
  plan.rating = rating_options(request.config.rating, request.seed);
  take_neighbours(request.config.neighbours, plan);
  if (plan.wants("transformer") && request.config.distill.width > 0) {
    require_training(request, plan);
    plan.distillation = distillation_plan(request.config.distill, plan.transformer);
    // Imported weights bring a width of their own, which is looked at when they are read.
    if (request.import_weights.empty()) require_narrower(*plan.distillation, plan.transformer);
  }
  if (!request.import_weights.empty() && !plan.wants("transformer")) {
    throw Error(ErrorKind::kUsage, "the weights are a Transformer's, and --models names none", "--import",
                "add transformer to --models, or leave --import out");
  }
  const bool as_it_is = !request.import_weights.empty() && plan.transformer.epochs == 0;
  if (plan.wants("transformer") && !as_it_is) plan.transformer.validate();
  return plan;
}

void describe_request(const ReindexRequest& request, const ReindexReport& report, const Catalogue& catalogue,
                      const kernels::Backend& backend, std::size_t threads, Manifest& manifest) {
  for (ItemId i = 0; i < catalogue.size(); ++i) ++manifest.items[std::string(catalogue.kind(i))];
  for (const auto& [name, count] : report.counts) manifest.events[name] = count;
  manifest.seed = request.seed;
  manifest.device = std::string(kernels::to_string(backend.device()));
  manifest.threads = threads;
  manifest.training["serving"] = {{"words_weight", request.config.blend.words_weight},
                                  {"popularity_correction", request.config.blend.popularity_correction},
                                  {"diversity", request.config.cold_start.diversity},
                                  {"k1", request.config.text.k1},
                                  {"b", request.config.text.b},
                                  {"session_weight", request.config.suggest.session_weight}};
  manifest.config = to_json(request.config);
}

}  // namespace segue::index
