#include "index/reindex/half_life_choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "index/model/blend_objective.h"
#include "index/reindex/ranking_metrics.h"
#include "index/top_items.h"

namespace segue::index {
namespace {

constexpr double kDay = 86400;
constexpr std::array<HalfLife, 8> kCandidates{HalfLife{}, 180 * kDay, 90 * kDay, 30 * kDay,
                                              14 * kDay,  7 * kDay,   3 * kDay,  1 * kDay};
constexpr double kPredictedShare = 0.2;
constexpr std::size_t kSlices = 20;
constexpr std::size_t kLeastEvents = 100;
constexpr std::size_t kDepth = 10;
// Ahead by chance is one of seven more often than one alone.
constexpr double kErrors = 2;

/// The events on searchable items with a known time, oldest first.
std::vector<std::size_t> in_time(const TrainingData& data, const Catalogue& catalogue) {
  std::vector<std::size_t> order;
  for (std::size_t e = 0; e < data.times.size(); ++e) {
    if (!std::isnan(data.times[e]) && catalogue.searchable().contains(data.items[e])) order.push_back(e);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return data.times[a] < data.times[b]; });
  return order;
}

/// Counts that fade as time goes on.
class FadingCounts {
 public:
  FadingCounts(std::size_t items, const HalfLife& half_life) : half_life_(half_life), counts_(items) {}

  void move_to(double time) {
    if (half_life_ && time > time_) {
      const double factor = std::exp2((time_ - time) / *half_life_);
      for (double& count : counts_) count *= factor;
    }
    time_ = time;
  }
  /// An event at or before the time moved to.
  void add(ItemId item, double weight, double time) {
    counts_[item] += half_life_ ? weight * std::exp2((time - time_) / *half_life_) : weight;
  }
  std::vector<ScoredItem> top(std::size_t k) const {
    std::vector<ScoredItem> best;
    for (ItemId i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) best.push_back({i, counts_[i]});
    }
    keep_best(best, k);
    return best;
  }

 private:
  HalfLife half_life_;
  std::vector<double> counts_;
  double time_ = 0;
};

/// The mean gain of the events of each slice. events: oldest first, those from `first` on are predicted.
std::vector<double> gains_of(const TrainingData& data, std::span<const std::size_t> events, std::size_t first,
                             const HalfLife& half_life) {
  std::vector<double> gains;
  FadingCounts counts(data.item_count, half_life);
  counts.move_to(data.times[events[first]]);
  const auto learn = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const std::size_t e = events[i];
      counts.add(data.items[e], static_cast<double>(data.weights[e]), data.times[e]);
    }
  };
  learn(0, first);
  for (std::size_t slice = 0; slice < kSlices; ++slice) {
    const std::size_t begin = first + (events.size() - first) * slice / kSlices;
    const std::size_t end = first + (events.size() - first) * (slice + 1) / kSlices;
    if (begin == end) continue;
    const std::vector<ScoredItem> list = counts.top(kDepth);
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const auto found = std::find_if(list.begin(), list.end(), [&](const ScoredItem& entry) {
        return entry.item == data.items[events[i]];
      });
      if (found != list.end()) sum += kNdcg10.at(static_cast<double>(found - list.begin() + 1));
    }
    gains.push_back(sum / static_cast<double>(end - begin));
    counts.move_to(data.times[events[end - 1]]);
    learn(begin, end);
  }
  return gains;
}

}  // namespace

std::span<const HalfLife> half_life_candidates() {
  return kCandidates;
}

HalfLifeChoice choose_half_life(const TrainingData& data, const Catalogue& catalogue) {
  HalfLifeChoice choice;
  const std::vector<std::size_t> events = in_time(data, catalogue);
  const auto predicted = static_cast<std::size_t>(kPredictedShare * static_cast<double>(events.size()));
  if (predicted < kLeastEvents) return choice;
  const double span = data.times[events.back()] - data.times[events.front()];
  std::vector<double> still;
  std::optional<std::size_t> best;
  for (const HalfLife& half_life : kCandidates) {
    if (half_life && *half_life >= span) continue;
    std::vector<double> gains = gains_of(data, events, events.size() - predicted, half_life);
    choice.trials.push_back({half_life, mean(gains)});
    if (!half_life) {
      still = std::move(gains);
      continue;
    }
    const bool ahead = mean(gains) - mean(still) > kErrors * error_of_difference(gains, still);
    const std::size_t trial = choice.trials.size() - 1;
    if (ahead && (!best || choice.trials[trial].ndcg > choice.trials[*best].ndcg)) best = trial;
  }
  if (best) choice.half_life = choice.trials[*best].half_life;
  return choice;
}

nlohmann::json trials_json(const HalfLifeChoice& choice) {
  nlohmann::json trials = nlohmann::json::array();
  for (const HalfLifeTrial& trial : choice.trials)
    trials.push_back({{"half_life", to_string(trial.half_life)}, {"ndcg@10", trial.ndcg}});
  return trials;
}

}  // namespace segue::index
