#include "index/model/newcomer_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "index/model/blend.h"

namespace segue::index {
namespace {

constexpr std::size_t kDepth = 10;  // of both measures
constexpr std::size_t kNewcomersPerModel = 50;
constexpr std::size_t kContestsPerBlock = 128;
constexpr std::size_t kSequencesPerReport = 64;
/// What a weight of class 0 is tried at; those of the other classes sum to 1.
constexpr std::array kGrid{0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3,
                           0.4, 0.5,  0.6,  0.7,  0.85, 1.0, 1.2,  1.5, 2.0};
constexpr double kHighestBar = 12;  // no newcomer clears it
constexpr int kHalvings = 12;
constexpr std::size_t kMaxRounds = 8;
constexpr double kDecimals = 1e6;

double hit(double rank) {
  return rank <= static_cast<double>(kDepth) ? 1 : 0;
}
double gain(double rank) {
  return hit(rank) / std::log2(rank + 1);
}

std::size_t place_of(const std::vector<std::string>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// Adds a model that has no weight outside class 0.
void add_for_new_items(BlendWeights& weights, const std::string& name) {
  if (place_of(weights.models, name) < weights.models.size()) return;
  weights.models.push_back(name);
  weights.weights.push_back(BlendWeights::kNewItemsOnly);
  weights.by_length.resize(weights.models.size() * weights.lengths.size(), 0);
  weights.by_count.resize(weights.models.size() * weights.counts.size(), -BlendWeights::kNewItemsOnly);
}

/// Leaves out models that were added for class 0, and have no weight there either.
BlendWeights without_idle(const BlendWeights& all) {
  BlendWeights kept;
  kept.lengths = all.lengths;
  kept.counts = all.counts;
  const auto take = [](const std::vector<double>& rows, std::size_t classes, std::size_t m,
                       std::vector<double>& taken) {
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(m * classes);
    taken.insert(taken.end(), row, row + static_cast<std::ptrdiff_t>(classes));
  };
  for (std::size_t m = 0; m < all.models.size(); ++m) {
    if (all.weights[m] == BlendWeights::kNewItemsOnly && all.at(m, 0, 0) == 0) continue;
    kept.models.push_back(all.models[m]);
    kept.weights.push_back(all.weights[m]);
    take(all.by_length, all.lengths.size(), m, kept.by_length);
    take(all.by_count, all.counts.size(), m, kept.by_count);
  }
  return kept;
}

}  // namespace

/// Makes the contests of a trial.
class NewcomerWeights::Maker {
 public:
  Maker(const NewcomerWeights& of, const NewcomerTrial& trial)
      : seen_(of.seen_),
        trial_(trial),
        weights_(of.weights_),
        blend_(of.weights_, trial.models, trial.events) {
    for (const std::string& name : weights_.models) {
      models_.push_back(*std::find_if(trial.models.begin(), trial.models.end(),
                                      [&](const SessionModel* model) { return model->name() == name; }));
    }
  }

  /// False where nothing is to be decided.
  bool make(const HeldOut& one, Contest& contest) const {
    contest.newcomer = trial_.newcomers->contains(one.target);
    if (!contest.newcomer && !trial_.others->contains(one.target)) return false;
    ItemSet others = *trial_.others;
    ItemSet newcomers = *trial_.newcomers;
    for (const ItemId item : left_out(seen_, one.view())) {
      if (item == one.target) return false;  // missed whatever the weights
      others.erase(item);
      newcomers.erase(item);
    }
    if (contest.newcomer) newcomers.erase(one.target);
    contest.length = weights_.lengths.of(static_cast<double>(one.prefix.size()));
    const auto blended = blend_.encode(one.view(), ItemGroup::kSearchable);
    if (blended) rank_others(*blended, others, one.target, contest);
    score_newcomers(one, newcomers, contest);
    return true;
  }

 private:
  void rank_others(const BlendedSession& blended, const ItemSet& others, ItemId target,
                   Contest& contest) const {
    const BlendedTop top = blended.top(kDepth, &others);
    if (contest.newcomer) {
      for (const ScoredItem& hit : top.items) contest.others.push_back(hit.score);
      return;
    }
    const ItemId items[] = {target};
    blended.score(items, {&contest.score, 1});
    for (const ScoredItem& hit : top.items) contest.above += hit.score > contest.score;
  }

  void score_newcomers(const HeldOut& one, const ItemSet& newcomers, Contest& contest) const {
    std::vector<std::unique_ptr<EncodedSession>> sessions;
    std::vector<ItemId> items;
    for (const SessionModel* model : models_) {
      sessions.push_back(model->encode(one.view()));
      if (!sessions.back()) continue;
      for (const ScoredItem& hit : sessions.back()->top(kNewcomersPerModel, &newcomers))
        items.push_back(hit.item);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    const std::size_t count = items.size();
    items.push_back(one.target);
    contest.newcomers.assign(count * models_.size(), 0);
    contest.target.assign(models_.size(), 0);
    std::vector<double> raw(items.size());
    for (std::size_t m = 0; m < models_.size(); ++m) {
      if (!sessions[m]) continue;  // no part of the blend then
      sessions[m]->score(items, raw);
      const ScoreMoments moments = sessions[m]->moments(ItemGroup::kSearchable);
      if (!(moments.deviation > 0)) continue;
      const auto z = [&](double score) { return (score - moments.mean) / moments.deviation; };
      for (std::size_t i = 0; i < count; ++i)
        contest.newcomers[i * models_.size() + m] = static_cast<float>(z(raw[i]));
      contest.target[m] = z(raw.back());
    }
  }

  SeenRule seen_;
  const NewcomerTrial& trial_;
  const BlendWeights& weights_;
  Blend blend_;
  std::vector<const SessionModel*> models_;  // in the order of the weights
};

NewcomerWeights::NewcomerWeights(BlendWeights blend, std::span<const HeldOut> held_out, SeenRule seen,
                                 kernels::ThreadPool& pool, Progress& progress)
    : weights_(std::move(blend)), held_out_(held_out), seen_(seen), pool_(pool), progress_(progress) {
  if (weights_.counts.size() == 0) {
    weights_.counts = item_frequency_classes();
    weights_.by_count.assign(weights_.models.size() * weights_.counts.size(), 0);
  }
}

void NewcomerWeights::add(const NewcomerTrial& trial) {
  const auto knows_newcomers = [&](const SessionModel& model) {
    for (ItemId i = 0; i < trial.newcomers->size(); ++i) {
      if (trial.newcomers->contains(i) && model.knows(i)) return true;
    }
    return false;
  };
  if (contests_.empty()) {
    for (const SessionModel* model : trial.models) {
      const std::string name(model->name());
      if (name == "popularity" || !knows_newcomers(*model)) continue;
      add_for_new_items(weights_, name);
      able_.push_back(place_of(weights_.models, name));
    }
    if (able_.empty()) return;
    add_for_new_items(weights_, "popularity");
    bar_ = place_of(weights_.models, "popularity");
  }
  if (able_.empty()) return;
  const Maker maker(*this, trial);
  for (std::size_t first = 0; first < held_out_.size(); first += kSequencesPerReport) {
    std::vector<Contest> chunk(std::min(kSequencesPerReport, held_out_.size() - first));
    std::vector<char> kept(chunk.size());
    pool_.run(chunk.size(), [&](std::size_t i) { kept[i] = maker.make(held_out_[first + i], chunk[i]); });
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (kept[i] == 0) continue;
      newcomers_ += chunk[i].newcomer;
      if (!chunk[i].newcomer) {
        hits_before_ += hit(1 + static_cast<double>(chunk[i].above));
        gains_before_ += gain(1 + static_cast<double>(chunk[i].above));
      }
      contests_.push_back(std::move(chunk[i]));
    }
    progress_.update(static_cast<double>(first + chunk.size()), static_cast<double>(held_out_.size()));
    progress_.check();
  }
}

BlendWeights NewcomerWeights::with(std::span<const double> newcomer) const {
  BlendWeights weights = weights_;
  for (std::size_t m = 0; m < weights.models.size(); ++m) {
    weights.by_count[m * weights.counts.size()] =
        std::round(newcomer[m] * kDecimals) / kDecimals - weights.weights[m];
  }
  return weights;
}

NewcomerWeights::Measure NewcomerWeights::measure(std::span<const double> newcomer) const {
  const BlendWeights weights = with(newcomer);
  const std::size_t models = weights.models.size();
  const std::size_t lengths = std::max<std::size_t>(1, weights.lengths.size());
  std::vector<double> table(lengths * models);
  for (std::size_t l = 0; l < lengths; ++l) {
    for (std::size_t m = 0; m < models; ++m) table[l * models + m] = weights.at(m, l, 0);
  }
  // Blocks are summed up in their order, so that threads do not matter.
  std::vector<Measure> sums((contests_.size() + kContestsPerBlock - 1) / kContestsPerBlock);
  pool_.run(sums.size(), [&](std::size_t block) {
    const std::size_t end = std::min(contests_.size(), (block + 1) * kContestsPerBlock);
    for (std::size_t c = block * kContestsPerBlock; c < end; ++c) {
      const Contest& contest = contests_[c];
      const double* w = table.data() + contest.length * models;
      double score = contest.score;
      double rank = 1 + static_cast<double>(contest.above);
      if (contest.newcomer) {
        score = 0;
        for (std::size_t m = 0; m < models; ++m) score += w[m] * contest.target[m];
        for (const double other : contest.others) rank += other > score ? 1 : other == score ? 0.5 : 0;
      }
      if (hit(rank) == 0) continue;
      for (std::size_t i = 0; i < contest.newcomers.size(); i += models) {
        double its = 0;
        for (std::size_t m = 0; m < models; ++m) its += w[m] * static_cast<double>(contest.newcomers[i + m]);
        rank += its > score ? 1 : its == score ? 0.5 : 0;
      }
      if (contest.newcomer) {
        sums[block].newcomers += gain(rank);
      } else {
        sums[block].hits += hit(rank);
        sums[block].gains += gain(rank);
      }
    }
  });
  Measure total;
  for (const Measure& sum : sums) {
    total.newcomers += sum.newcomers;
    total.hits += sum.hits;
    total.gains += sum.gains;
  }
  total.newcomers /= static_cast<double>(std::max<std::size_t>(1, newcomers_));
  return total;
}

bool NewcomerWeights::affordable(const Measure& measured, double cost) const {
  return measured.hits >= (1 - cost) * hits_before_ && measured.gains >= (1 - cost) * gains_before_;
}

NewcomerWeights::Measure NewcomerWeights::raise_bar(std::vector<double>& newcomer, double cost) const {
  newcomer[bar_] = 0;
  Measure best = measure(newcomer);
  if (affordable(best, cost)) return best;
  double low = 0;
  double high = kHighestBar;
  best = {};
  for (int i = 0; i < kHalvings; ++i) {
    newcomer[bar_] = (low + high) / 2;
    const Measure here = measure(newcomer);
    if (affordable(here, cost)) {
      best = here;
      high = newcomer[bar_];
    } else {
      low = newcomer[bar_];
    }
  }
  newcomer[bar_] = high;
  return best;
}

NewcomerWeights::Fit NewcomerWeights::fit(double cost) const {
  Fit fit;
  fit.targets = newcomers_;
  const auto others = static_cast<double>(std::max<std::size_t>(1, contests_.size() - newcomers_));
  fit.others_before = fit.others = {hits_before_ / others, gains_before_ / others};
  std::vector<double> point(weights_.models.size(), 0);
  fit.weights = without_idle(with(point));
  if (able_.empty() || newcomers_ == 0) return fit;

  // From where the models stand for other items.
  for (const std::size_t m : able_) point[m] = std::max(weights_.weights[m], kGrid[1]);
  Measure best = raise_bar(point, cost);
  for (std::size_t round = 0; round < kMaxRounds; ++round) {
    std::vector<double> next = point;
    Measure ahead = best;
    for (const std::size_t m : able_) {
      for (const double weight : kGrid) {
        progress_.check();
        std::vector<double> tried = next;
        tried[m] = weight;
        const Measure here = raise_bar(tried, cost);
        if (!(here.newcomers > ahead.newcomers)) continue;
        ahead = here;
        next = std::move(tried);
      }
    }
    if (!(ahead.newcomers > best.newcomers)) break;
    best = ahead;
    point = std::move(next);
  }
  if (!(best.newcomers > 0)) return fit;
  fit.weights = without_idle(with(point));
  fit.ndcg = best.newcomers;
  fit.others = {best.hits / others, best.gains / others};
  return fit;
}

}  // namespace segue::index
