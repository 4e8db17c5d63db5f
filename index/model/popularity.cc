#include "index/model/popularity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "index/model/metadata.h"
#include "index/safetensors.h"

namespace segue::index {

namespace {

ScoreMoments moments_over(const ItemSet& group, std::span<const double> scores) {
  double sum = 0;
  double squares = 0;
  for (ItemId i = 0; i < scores.size(); ++i) {
    if (!group.contains(i)) continue;
    sum += scores[i];
    squares += scores[i] * scores[i];
  }
  const double n = static_cast<double>(std::max<std::size_t>(1, group.count()));
  return {sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)))};
}

}  // namespace

class Popularity::Session final : public EncodedSession {
 public:
  explicit Session(const Popularity& model) : model_(model) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    std::vector<ScoredItem> best;
    for (const ItemId item : model_.order_) {
      if (best.size() == k) break;
      if (allowed == nullptr || allowed->contains(item)) best.push_back({item, model_.scores_[item]});
    }
    return best;
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    for (std::size_t i = 0; i < items.size(); ++i)
      scores[i] = model_.knows(items[i]) ? model_.scores_[items[i]] : 0;
  }
  void score_all(std::span<double> scores) const override {
    if (scores.size() != model_.scores_.size()) throw std::invalid_argument("scores: not one per item");
    std::copy(model_.scores_.begin(), model_.scores_.end(), scores.begin());
  }
  ScoreMoments moments(ItemGroup group) const override {
    return group == ItemGroup::kSearchable ? model_.searchable_ : model_.queries_;
  }

 private:
  const Popularity& model_;
};

Popularity::Popularity(std::vector<float> counts, std::vector<float> faded_counts, const HalfLife& half_life,
                       const Catalogue& catalogue)
    : counts_(std::move(counts)),
      faded_(std::move(faded_counts)),
      half_life_(half_life),
      scores_(counts_.size()),
      order_(counts_.size()) {
  for (std::size_t i = 0; i < scores_.size(); ++i) scores_[i] = std::log1p(static_cast<double>(faded()[i]));
  std::iota(order_.begin(), order_.end(), ItemId{0});
  std::sort(order_.begin(), order_.end(), [this](ItemId a, ItemId b) {
    return ranks_before({a, scores_[a]}, {b, scores_[b]});
  });
  searchable_ = moments_over(catalogue.searchable(), scores_);
  queries_ = moments_over(catalogue.queries(), scores_);
}

std::unique_ptr<Popularity> Popularity::train(const TrainingData& data, const Catalogue& catalogue,
                                              const HalfLife& half_life) {
  if (data.item_count != catalogue.size())
    throw std::invalid_argument("data and catalogue differ in their items");
  const auto sums_of = [&](std::span<const float> weights) {
    std::vector<double> sums(data.item_count);
    for (std::size_t e = 0; e < data.items.size(); ++e)
      sums[data.items[e]] += static_cast<double>(weights[e]);
    return sums;
  };
  std::vector<double> sums = sums_of(data.weights);
  if (data.items.empty()) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = std::max(0.0, catalogue.weight(static_cast<ItemId>(i)).value_or(0));
    }
  }
  const HalfLife used = newest_time(data) ? half_life : HalfLife();
  const std::vector<double> faded = used ? sums_of(faded_weights(data, used)) : std::vector<double>();
  return std::unique_ptr<Popularity>(
      new Popularity({sums.begin(), sums.end()}, {faded.begin(), faded.end()}, used, catalogue));
}

std::unique_ptr<Popularity> Popularity::open(const std::filesystem::path& file, const Catalogue& catalogue) {
  const auto tensors = Safetensors::open(file);
  const auto counts_in = [&](std::string_view name) {
    const auto counts = tensors->vector(name, catalogue.size());
    if (std::any_of(counts.begin(), counts.end(), [](float count) { return count < 0; }))
      refuse(*tensors, std::string(name) + " holds a number below 0");
    return std::vector<float>(counts.begin(), counts.end());
  };
  HalfLife half_life;
  std::vector<float> faded;
  if (tensors->has("faded")) {
    half_life = number_metadata(*tensors, "half_life");
    if (!(*half_life > 0)) refuse(*tensors, "half_life is not above 0");
    faded = counts_in("faded");
  }
  return std::unique_ptr<Popularity>(
      new Popularity(counts_in("counts"), std::move(faded), half_life, catalogue));
}

std::unique_ptr<Popularity> Popularity::unfaded(const Catalogue& catalogue) const {
  return std::unique_ptr<Popularity>(new Popularity(counts_, {}, {}, catalogue));
}

void Popularity::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add("counts", {counts_.size()}, counts());
  if (half_life_) {
    writer.add("faded", {faded_.size()}, faded_);
    writer.metadata("half_life", number_text(*half_life_));
  }
  writer.write(file);
}

std::unique_ptr<EncodedSession> Popularity::encode(const SessionView& /*session*/) const {
  return std::make_unique<Session>(*this);
}

}  // namespace segue::index
