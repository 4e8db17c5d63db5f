#include "index/model/transitions.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/model/metadata.h"
#include "index/model/sparse_scores.h"
#include "index/model/sparse_session.h"
#include "index/model/transition_counts.h"
#include "index/safetensors.h"
#include "index/top_items.h"

namespace segue::index {

namespace {

bool in_range(const TransitionOptions& options) {
  const auto exponent = [](double e) { return std::isfinite(e) && e >= 0; };
  return options.max_distance > 0 && options.history > 0 && options.max_neighbours > 0 &&
         exponent(options.distance_exponent) && options.symmetry >= 0 && options.symmetry <= 1 &&
         exponent(options.row_exponent) && exponent(options.column_exponent) &&
         is_decay_rate(options.decay, options.decay_rate);
}

}  // namespace

std::vector<TransitionOptions> transition_presets() {
  TransitionOptions broad;
  TransitionOptions damped;
  damped.preset = "damped";
  damped.symmetry = 0.35;
  damped.column_exponent = 0.1;
  damped.decay = HistoryDecay::kGeometric;
  damped.decay_rate = 0.7;
  TransitionOptions recent;
  recent.preset = "recent";
  recent.distance_exponent = 1.5;
  recent.symmetry = 0.5;
  recent.row_exponent = 1;
  recent.decay_rate = 2;
  return {broad, damped, recent};
}

/// The sums over a session's newest items, made once when it is encoded.
class Transitions::Session final : public SparseSession {
 public:
  Session(const Transitions& model, std::vector<ItemId> newest, SparseScores scores)
      : SparseSession(*model.catalogue_, model.sizes_, std::move(scores)),
        model_(model),
        newest_(std::move(newest)) {}

  std::vector<ScoredItem> because(ItemId item, std::size_t k) const override {
    SparseScores parts;
    for (std::size_t n = 0; n < newest_.size(); ++n) {
      const double value = model_.pair_score(newest_[n], item);
      if (value > 0) parts.add(newest_[n], model_.history_weight(n + 1) * value);
    }
    std::vector<ScoredItem> best = parts.entries();
    keep_best(best, k);
    return best;
  }

 private:
  const Transitions& model_;
  std::vector<ItemId> newest_;  // the known items that were looked at, newest first
};

Transitions::Transitions(TransitionOptions options, const Catalogue& catalogue)
    : options_(std::move(options)), catalogue_(&catalogue), sizes_(GroupSizes::of(catalogue)) {}

Transitions::~Transitions() = default;

std::unique_ptr<Transitions> Transitions::train(const TrainingData& data, const TransitionOptions& options,
                                                const Catalogue& catalogue, kernels::ThreadPool& pool,
                                                Progress& progress) {
  if (!in_range(options)) throw std::invalid_argument("a constant of the transitions is out of range");
  if (data.item_count != catalogue.size())
    throw std::invalid_argument("data and catalogue differ in their items");
  std::unique_ptr<Transitions> model(new Transitions(options, catalogue));
  TransitionRows rows = count_transitions(data, options, pool, progress);
  model->own_offsets_ = std::move(rows.offsets);
  model->own_successors_ = std::move(rows.successors);
  model->own_values_ = std::move(rows.values);
  model->offsets_ = model->own_offsets_;
  model->successors_ = model->own_successors_;
  model->values_ = model->own_values_;
  return model;
}

std::unique_ptr<Transitions> Transitions::open(const std::filesystem::path& file,
                                               const Catalogue& catalogue) {
  const auto tensors = Safetensors::open(file);
  TransitionOptions options;
  options.preset = tensors->metadata("preset");
  options.max_distance = count_metadata(*tensors, "max_distance");
  options.distance_exponent = number_metadata(*tensors, "distance_exponent");
  options.symmetry = number_metadata(*tensors, "symmetry");
  options.row_exponent = number_metadata(*tensors, "row_exponent");
  options.column_exponent = number_metadata(*tensors, "column_exponent");
  options.history = count_metadata(*tensors, "history");
  options.decay = decay_metadata(*tensors, "decay");
  options.decay_rate = number_metadata(*tensors, "decay_rate");
  options.max_neighbours = count_metadata(*tensors, "max_neighbours");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");

  std::unique_ptr<Transitions> model(new Transitions(std::move(options), catalogue));
  model->offsets_ = tensors->i64("offsets");
  model->successors_ = tensors->i32("successors");
  model->values_ = tensors->vector("values", model->successors_.size());
  const auto& offsets = model->offsets_;
  if (!are_offsets(offsets, catalogue.size(), model->successors_.size())) {
    refuse(*tensors, "offsets do not divide the pairs among " + std::to_string(catalogue.size()) + " items");
  }
  for (const std::int32_t item : model->successors_) {
    if (item < 0 || static_cast<std::size_t>(item) >= catalogue.size()) {
      refuse(*tensors, "successors holds " + std::to_string(item) + ", which is no item");
    }
  }
  model->file_ = tensors;
  return model;
}

void Transitions::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add("offsets", {offsets_.size()}, offsets_);
  writer.add("successors", {successors_.size()}, successors_);
  writer.add("values", {values_.size()}, values_);
  writer.metadata("preset", options_.preset);
  writer.metadata("max_distance", std::to_string(options_.max_distance));
  writer.metadata("distance_exponent", number_text(options_.distance_exponent));
  writer.metadata("symmetry", number_text(options_.symmetry));
  writer.metadata("row_exponent", number_text(options_.row_exponent));
  writer.metadata("column_exponent", number_text(options_.column_exponent));
  writer.metadata("history", std::to_string(options_.history));
  writer.metadata("decay", to_string(options_.decay));
  writer.metadata("decay_rate", number_text(options_.decay_rate));
  writer.metadata("max_neighbours", std::to_string(options_.max_neighbours));
  writer.write(file);
}

bool Transitions::knows(ItemId item) const {
  return !row_items(item).empty();
}

std::span<const std::int32_t> Transitions::row_items(ItemId item) const {
  if (item + std::size_t{1} >= offsets_.size()) return {};
  return successors_.subspan(offsets_[item], offsets_[item + 1] - offsets_[item]);
}

std::span<const float> Transitions::row_values(ItemId item) const {
  if (item + std::size_t{1} >= offsets_.size()) return {};
  return values_.subspan(offsets_[item], offsets_[item + 1] - offsets_[item]);
}

std::vector<ScoredItem> Transitions::neighbours(ItemId item, std::size_t k) const {
  const auto items = row_items(item);
  const auto values = row_values(item);
  std::vector<ScoredItem> best;
  for (std::size_t i = 0; i < items.size() && best.size() < k; ++i) {
    const ItemId other = static_cast<ItemId>(items[i]);
    if (other != item) best.push_back({other, values[i]});
  }
  return best;
}

double Transitions::pair_score(ItemId from, ItemId to) const {
  const auto items = row_items(from);
  const auto found = std::find(items.begin(), items.end(), static_cast<std::int32_t>(to));
  return found == items.end() ? 0 : row_values(from)[found - items.begin()];
}

double Transitions::history_weight(std::size_t k) const {
  if (k == 0 || k > options_.history) return 0;
  return history_decay(options_.decay, options_.decay_rate, k, options_.history);
}

std::unique_ptr<EncodedSession> Transitions::encode(const SessionView& session) const {
  const std::span<const ItemId> items = session.items;
  std::vector<ItemId> newest;
  std::size_t pairs = 0;
  for (std::size_t i = items.size(); i-- > 0 && newest.size() < options_.history;) {
    if (!knows(items[i])) continue;
    newest.push_back(items[i]);
    pairs += row_items(items[i]).size();
  }
  if (newest.empty()) return nullptr;
  SparseScores scores(pairs);
  for (std::size_t k = 1; k <= newest.size(); ++k) {
    const double weight = history_weight(k);
    const auto successors = row_items(newest[k - 1]);
    const auto values = row_values(newest[k - 1]);
    for (std::size_t s = 0; s < successors.size(); ++s) {
      scores.add(static_cast<ItemId>(successors[s]), weight * values[s]);
    }
  }
  return std::make_unique<Session>(*this, std::move(newest), std::move(scores));
}

}  // namespace segue::index
