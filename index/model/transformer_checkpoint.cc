#include "index/model/transformer_checkpoint.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>
#include <utility>

#include "index/safetensors.h"
#include "index/snapshot/durable_file.h"
#include "index/snapshot/sha256.h"
#include "kernels/error.h"

namespace segue::index {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFormat = "segue-checkpoint-1";

/// Every tensor of a state but the chosen weights, by its name in the file.
template <class State, class Visit>
void each_tensor(State& state, const Visit& visit) {
  const std::size_t d = state.weights.config().width;
  const auto table = state.weights.items();
  visit("items", std::span(table.data, table.rows * d));
  visit("body", state.weights.flat_body());
  visit("items.first_moment", state.moments.items_first.flat());
  visit("items.second_moment", state.moments.items_second.flat());
  visit("body.first_moment", std::span(state.moments.body_first));
  visit("body.second_moment", std::span(state.moments.body_second));
}

template <class Weights, class Visit>
void each_chosen_tensor(Weights& weights, const Visit& visit) {
  const auto table = weights.items();
  visit("chosen.items", std::span(table.data, table.rows * table.cols));
  visit("chosen.body", weights.flat_body());
}

/// Copies a tensor; throws Error when it is missing, of another size or not finite.
void copy(const Safetensors& tensors, std::string_view name, std::span<float> to) {
  const std::span<const float> from = tensors.vector(name, to.size());
  std::copy(from.begin(), from.end(), to.begin());
}

nlohmann::json numbers_of(const TransformerState& state) {
  const EarlyStopping::State& stopping = state.stopping.state();
  return {{"epoch", state.epoch},
          {"step", state.step},
          {"steps", state.moments.steps},
          {"loss", state.loss},
          {"recent_loss", state.recent_loss},
          {"seconds", state.seconds},
          {"measured_epochs", stopping.epochs},
          {"best_epoch", stopping.best},
          {"chosen_epoch", stopping.chosen},
          {"finished", state.finished},
          {"curve", to_json(state.curve)}};
}

void set_numbers(const nlohmann::json& json, std::size_t patience, std::vector<float> values,
                 TransformerState& state) {
  const auto count = [&](const char* key) { return json.at(key).get<std::size_t>(); };
  state.epoch = count("epoch");
  state.step = count("step");
  state.moments.steps = count("steps");
  state.loss = json.at("loss").get<double>();
  state.recent_loss = json.at("recent_loss").get<double>();
  state.seconds = json.at("seconds").get<double>();
  state.stopping = EarlyStopping(patience, {.epochs = count("measured_epochs"),
                                            .best = count("best_epoch"),
                                            .chosen = count("chosen_epoch"),
                                            .values = std::move(values)});
  state.finished = json.at("finished").get<bool>();
  state.curve = learning_points_from_json(json.at("curve"));
}

/// Of all that the file holds: a bit that has turned on the disk would train on without a word.
std::string checksum_of(const TransformerState& state, const std::string& numbers) {
  Sha256 sum;
  sum.update(numbers);
  const auto add = [&](std::string_view, std::span<const float> values) {
    sum.update(std::as_bytes(values));
  };
  each_tensor(state, add);
  sum.update(std::as_bytes(std::span(state.stopping.state().values)));
  if (state.chosen) each_chosen_tensor(*state.chosen, add);
  return sum.finish();
}

void rename_durably(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw Error(ErrorKind::kResource, "cannot rename " + from.string() + ": " + error.message(), to.string());
  sync_directory(to.parent_path());
}

}  // namespace

void TransformerCheckpoint::write(const TransformerState& state) const {
  SafetensorsWriter writer;
  writer.metadata("format", kFormat);
  writer.metadata("digest", digest_);
  const std::string numbers = numbers_of(state).dump();
  writer.metadata("state", numbers);
  writer.metadata("checksum", checksum_of(state, numbers));
  const auto add = [&](std::string_view name, std::span<const float> values) {
    writer.add(name, {values.size()}, values);
  };
  each_tensor(state, add);
  add("best.values", state.stopping.state().values);
  if (state.chosen) each_chosen_tensor(*state.chosen, add);

  std::error_code error;
  fs::create_directories(file_.parent_path(), error);
  if (error)
    throw Error(ErrorKind::kResource, "cannot make the folder: " + error.message(),
                file_.parent_path().string());
  fs::path fresh = file_;
  fresh += ".new";
  writer.write(fresh);
  rename_durably(fresh, file_);
}

TransformerCheckpoint::Reading TransformerCheckpoint::read(TransformerState& state) const {
  std::error_code ignored;
  if (!fs::exists(file_, ignored)) return {Found::kNothing, ""};
  try {
    const std::shared_ptr<const Safetensors> tensors = Safetensors::open(file_);
    if (tensors->metadata("format") != kFormat || tensors->metadata("digest") != digest_)
      return {Found::kOther, ""};
    TransformerState read = state;
    each_tensor(read, [&](std::string_view name, std::span<float> to) { copy(*tensors, name, to); });
    const std::span<const float> values = tensors->f32("best.values");
    const std::string numbers = tensors->metadata("state");
    set_numbers(nlohmann::json::parse(numbers), state.stopping.patience(), {values.begin(), values.end()},
                read);
    if (read.stopping.chosen() > 0) {
      read.chosen = read.weights;
      each_chosen_tensor(*read.chosen,
                         [&](std::string_view name, std::span<float> to) { copy(*tensors, name, to); });
    }
    if (checksum_of(read, numbers) != tensors->metadata("checksum"))
      return {Found::kDamaged, file_.string() + ": the checksum does not match"};
    state = std::move(read);
    return {Found::kState, ""};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamagedStore) throw;
    return {Found::kDamaged, error.what()};
  } catch (const nlohmann::json::exception& error) {
    return {Found::kDamaged, file_.string() + ": " + error.what()};
  }
}

}  // namespace segue::index
