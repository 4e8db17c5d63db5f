#include "index/reindex/transformer_run.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

namespace segue::index {
namespace {

constexpr std::string_view kServed = "transformer";
constexpr std::string_view kTeacher = "teacher";

/// "transformer-all-events.safetensors" in the folder of checkpoints; empty without one.
std::filesystem::path checkpoint_file(const std::filesystem::path& folder, std::string_view model,
                                      std::string_view suffix) {
  if (folder.empty()) return {};
  std::string name(model);
  for (const char c : suffix) {
    if (c == ' ') name += '-';
    if (c >= 'a' && c <= 'z') name += c;
  }
  return folder / (name + ".safetensors");
}

}  // namespace

TransformerRun run_transformer(const TrainingData& data, const TrainingPlan& plan,
                               TrainingEnvironment& environment, const std::string& suffix) {
  std::vector<LearningCurve> curves;
  const auto train = [&](std::string_view name, TransformerTraining training) {
    const std::string phase = std::string(name) + suffix;
    environment.phases.begin(phase);
    training.validation = environment.validation;
    training.ranked = &environment.catalogue.searchable();
    training.checkpoint = checkpoint_file(environment.checkpoints, name, suffix);
    training.checkpoint_seconds = plan.transformer_checkpoint_seconds;
    TrainedTransformer trained =
        train_transformer(training, environment.backend, environment.pool, environment.progress);
    curves.push_back({phase, std::move(trained.curve)});
    return trained;
  };
  const TransformerTraining as_configured{
      .data = data,
      .options = plan.transformer,
      .sources = {.warm = plan.imported.get(), .vectors = plan.start_vectors.get()}};
  if (!plan.distillation) {
    TrainedTransformer trained = train(kServed, as_configured);
    if (plan.imported) trained.weights.add_rows_of(*plan.imported);
    return {std::move(trained.weights), {.served = trained.epochs}, std::move(curves)};
  }
  const TrainedTransformer wide = train(kTeacher, as_configured);
  const TransformerTeacher teacher(wide.weights, plan.distillation->options, environment.backend);
  TrainedTransformer narrow = train(kServed, {.data = data,
                                              .options = plan.distillation->narrow,
                                              .sources = {.table = &wide.weights},
                                              .teacher = &teacher});
  return {std::move(narrow.weights), {.served = narrow.epochs, .teacher = wide.epochs}, std::move(curves)};
}

void keep_epochs(const TransformerEpochs& epochs, TrainingPlan& plan) {
  if (plan.distillation) plan.distillation->narrow.stop_after = epochs.served;
  plan.transformer.stop_after = plan.distillation ? epochs.teacher : epochs.served;
}

nlohmann::json transformer_json(const TransformerEpochs& epochs, const TrainingPlan& plan) {
  nlohmann::json json = {{"epochs", epochs.served}};
  if (plan.distillation) json["distilled"] = to_json(*plan.distillation, plan.transformer, epochs);
  return json;
}

void remove_checkpoints(const std::filesystem::path& folder) {
  if (folder.empty()) return;
  for (const std::string_view model : {kServed, kTeacher}) {
    for (const std::string_view suffix : {"", " (all events)"}) {
      std::error_code ignored;  // a file too many is no reason to call a published snapshot a failure
      std::filesystem::remove(checkpoint_file(folder, model, suffix), ignored);
    }
  }
}

}  // namespace segue::index
