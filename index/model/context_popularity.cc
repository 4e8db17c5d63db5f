#include "index/model/context_popularity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "index/model/metadata.h"
#include "index/model/sparse_scores.h"
#include "index/safetensors.h"
#include "index/top_items.h"

namespace segue::index {

class ContextPopularity::Session final : public EncodedSession {
 public:
  Session(const ContextPopularity& model, std::span<const ContextId> values)
      : model_(model), popular_(model.popularity_.encode({})) {
    for (const ContextId value : values) {
      if (value >= model.values()) continue;
      const auto items = model.items(value);
      const auto lifts = model.lifts(value);
      for (std::size_t e = 0; e < items.size(); ++e) lifts_.add(items[e], static_cast<double>(lifts[e]));
    }
  }

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    // The best of those without a lift are among the k + lifts most popular ones.
    std::vector<ScoredItem> best = popular_->top(k + lifts_.entries().size(), allowed);
    std::erase_if(best, [this](const ScoredItem& item) { return lifts_[item.item] != 0; });
    best.resize(std::min(best.size(), k));
    std::vector<ItemId> lifted;
    for (const ScoredItem& entry : lifts_.entries()) {
      const bool shown = allowed == nullptr || allowed->contains(entry.item);
      if (entry.score != 0 && shown) lifted.push_back(entry.item);
    }
    std::vector<double> scores(lifted.size());
    score(lifted, scores);
    for (std::size_t i = 0; i < lifted.size(); ++i) best.push_back({lifted[i], scores[i]});
    keep_best(best, k);
    return best;
  }

  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    popular_->score(items, scores);
    for (std::size_t i = 0; i < items.size(); ++i) scores[i] += lifts_[items[i]];
  }

  void score_all(std::span<double> scores) const override {
    popular_->score_all(scores);
    for (const ScoredItem& entry : lifts_.entries()) scores[entry.item] += entry.score;
  }

  ScoreMoments moments(ItemGroup group) const override {
    // Those of popularity, less what the items with a lift had in them, and with what they have now.
    const Catalogue& catalogue = model_.catalogue_;
    const ItemSet& items = group == ItemGroup::kSearchable ? catalogue.searchable() : catalogue.queries();
    const double n = static_cast<double>(std::max<std::size_t>(1, items.count()));
    const ScoreMoments popular = popular_->moments(group);
    double sum = n * popular.mean;
    double squares = n * (popular.deviation * popular.deviation + popular.mean * popular.mean);
    for (const ScoredItem& entry : lifts_.entries()) {
      if (!items.contains(entry.item)) continue;
      double before = 0;
      popular_->score({&entry.item, 1}, {&before, 1});
      sum += entry.score;
      squares += entry.score * (entry.score + 2 * before);
    }
    const double mean = sum / n;
    return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean))};
  }

 private:
  const ContextPopularity& model_;
  std::unique_ptr<EncodedSession> popular_;
  SparseScores lifts_;
};

std::span<const ItemId> ContextPopularity::items(ContextId value) const {
  return std::span(items_).subspan(offsets_[value], offsets_[value + 1] - offsets_[value]);
}
std::span<const float> ContextPopularity::lifts(ContextId value) const {
  return std::span(lifts_).subspan(offsets_[value], offsets_[value + 1] - offsets_[value]);
}

std::unique_ptr<ContextPopularity> ContextPopularity::train(const TrainingData& data,
                                                            const Popularity& popularity,
                                                            const Catalogue& catalogue) {
  if (data.contexts.empty() || data.sets == nullptr || data.sets->values() == 0) return nullptr;
  const std::size_t values = data.sets->values();
  std::vector<std::size_t> events_of(values + 1);
  std::vector<double> item_sums(data.item_count);
  double total = 0;
  for (std::size_t e = 0; e < data.items.size(); ++e) {
    const auto weight = static_cast<double>(data.weights[e]);
    item_sums[data.items[e]] += weight;
    total += weight;
    for (const ContextId value : (*data.sets)[data.contexts[e]]) ++events_of[value + 1];
  }
  // The events of each value, one value after another.
  std::partial_sum(events_of.begin(), events_of.end(), events_of.begin());
  std::vector<std::size_t> next(events_of.begin(), events_of.end() - 1);
  std::vector<std::size_t> events(events_of.back());
  for (std::size_t e = 0; e < data.items.size(); ++e) {
    for (const ContextId value : (*data.sets)[data.contexts[e]]) events[next[value]++] = e;
  }
  std::vector<ItemId> most_popular(data.item_count);
  std::iota(most_popular.begin(), most_popular.end(), ItemId{0});
  std::sort(most_popular.begin(), most_popular.end(),
            [&](ItemId a, ItemId b) { return item_sums[a] > item_sums[b]; });

  std::unique_ptr<ContextPopularity> model(new ContextPopularity(popularity, catalogue));
  std::vector<double> seen(data.item_count);
  for (std::size_t value = 0; value < values; ++value) {
    const auto own = std::span(events).subspan(events_of[value], events_of[value + 1] - events_of[value]);
    double in_context = 0;
    std::vector<ItemId> items;
    for (const std::size_t e : own) {
      const ItemId item = data.items[e];
      if (seen[item] == 0) items.push_back(item);
      seen[item] += static_cast<double>(data.weights[e]);
      in_context += static_cast<double>(data.weights[e]);
    }
    const double share = in_context / total;
    const auto lift = [&](ItemId item) {
      return std::log((seen[item] + kSmoothing) / (share * item_sums[item] + kSmoothing));
    };
    // An item that was never met in this context says something only where it was to be expected.
    for (const ItemId item : most_popular) {
      if (std::log1p(share * item_sums[item] / kSmoothing) < kLeastLift) break;
      if (seen[item] == 0) items.push_back(item);
    }
    std::sort(items.begin(), items.end());
    for (const ItemId item : items) {
      if (const double l = lift(item); std::abs(l) >= kLeastLift) {
        model->items_.push_back(item);
        model->lifts_.push_back(static_cast<float>(l));
      }
      seen[item] = 0;
    }
    model->offsets_.push_back(model->items_.size());
  }
  return model;
}

std::unique_ptr<ContextPopularity> ContextPopularity::open(const std::filesystem::path& path,
                                                           std::size_t values, const Popularity& popularity,
                                                           const Catalogue& catalogue) {
  const auto file = Safetensors::open(path);
  const auto offsets = file->i64("offsets");
  const auto items = file->i32("items");
  const auto lifts = file->vector("lifts", items.size());
  if (!are_offsets(offsets, values, items.size()))
    refuse(*file, "offsets do not part the entries by " + std::to_string(values) + " values of context");
  for (std::size_t value = 0; value < values; ++value) {
    for (auto e = static_cast<std::size_t>(offsets[value]); e < static_cast<std::size_t>(offsets[value + 1]);
         ++e) {
      const bool rises = e == static_cast<std::size_t>(offsets[value]) || items[e - 1] < items[e];
      if (items[e] < 0 || static_cast<std::size_t>(items[e]) >= catalogue.size() || !rises)
        refuse(*file, "items of a value of context are not rising rows of the catalogue");
    }
  }
  std::unique_ptr<ContextPopularity> model(new ContextPopularity(popularity, catalogue));
  model->offsets_.assign(offsets.begin(), offsets.end());
  model->items_.assign(items.begin(), items.end());
  model->lifts_.assign(lifts.begin(), lifts.end());
  return model;
}

void ContextPopularity::save(const std::filesystem::path& file) const {
  const std::vector<std::int64_t> offsets(offsets_.begin(), offsets_.end());
  const std::vector<std::int32_t> items(items_.begin(), items_.end());
  SafetensorsWriter writer;
  writer.add("offsets", {offsets.size()}, offsets);
  writer.add("items", {items.size()}, items);
  writer.add("lifts", {lifts_.size()}, lifts_);
  writer.write(file);
}

std::unique_ptr<EncodedSession> ContextPopularity::encode(const SessionView& session) const {
  const auto values = session.request_context();
  if (std::none_of(values.begin(), values.end(), [this](ContextId value) { return value < this->values(); }))
    return nullptr;
  return std::make_unique<Session>(*this, values);
}

}  // namespace segue::index
