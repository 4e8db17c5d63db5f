#include "index/model/blend_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace segue::index {

namespace {

constexpr std::size_t kDepth = 10;  // of the NDCG
/// Up to so many items all compete for a place; of more, those among the best of a part.
constexpr std::size_t kWholeGroup = 2000;
constexpr std::size_t kCandidatesPerPart = 400;
/// Shares of the whole that a part is tried with, the others shrunk to what remains. Sparse models have
/// peaked z-scores and want little, hence the fine steps at the low end.
constexpr std::array kShares{0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25,
                             0.3,   0.35, 0.4,  0.5,  0.6,  0.7,  0.8,  0.9, 0.95, 0.98, 0.99};
constexpr std::size_t kMaxRounds = 100;

/// One held-out sequence, reduced to what decides the target's rank: by how much each competitor is ahead of
/// it.
struct Contest {
  std::size_t competitors = 0;
  std::vector<float> ahead;  // [models, competitors]: z(competitor) - z(target)
};

class ContestMaker {
 public:
  explicit ContestMaker(const BlendFitTask& task) : task_(task) {
    for (ItemId i = 0; i < task.searchable->size(); ++i) {
      if (task.searchable->contains(i)) group_.push_back(i);
    }
  }

  /// Nothing competes for a target that no weights can bring into the first ranks: then no contest is worth
  /// keeping.
  bool make(const HeldOut& held_out, Contest& contest) const {
    if (!task_.searchable->contains(held_out.target)) {
      throw std::invalid_argument("a held-out target is outside the searchable items");
    }
    ItemSet allowed = *task_.searchable;
    for (const ItemId item : left_out(task_.seen, held_out.prefix)) {
      if (allowed.contains(item)) allowed.erase(item);
    }
    if (!allowed.contains(held_out.target)) return false;

    const std::size_t models = task_.models.size();
    std::vector<std::unique_ptr<EncodedSession>> sessions;
    for (const SessionModel* model : task_.models) sessions.push_back(model->encode(held_out.view()));
    std::vector<ItemId> items = candidates(sessions, allowed);
    const auto target = std::lower_bound(items.begin(), items.end(), held_out.target);
    if (target == items.end() || *target != held_out.target) return false;
    std::swap(*target, items.back());

    std::vector<double> raw(items.size());
    std::vector<double> ahead(models * (items.size() - 1));
    for (std::size_t m = 0; m < models; ++m) {
      if (!sessions[m]) continue;  // knows nothing: level with all
      sessions[m]->score(items, raw);
      const double deviation = sessions[m]->moments(ItemGroup::kSearchable).deviation;
      if (!(deviation > 0)) continue;
      for (std::size_t c = 0; c + 1 < items.size(); ++c) {
        ahead[m * (items.size() - 1) + c] = (raw[c] - raw.back()) / deviation;
      }
    }
    return reduce(ahead, items.size() - 1, contest);
  }

 private:
  /// Rising.
  std::vector<ItemId> candidates(std::span<const std::unique_ptr<EncodedSession>> sessions,
                                 const ItemSet& allowed) const {
    std::vector<ItemId> items;
    for (const auto& session : sessions) {
      if (!session || group_.size() <= kWholeGroup) continue;
      for (const ScoredItem& hit : session->top(kCandidatesPerPart, &allowed)) items.push_back(hit.item);
    }
    // Small groups compete as a whole; a sparse model needs the company of some items that it does not score.
    const std::size_t fill = group_.size() <= kWholeGroup ? group_.size() : kCandidatesPerPart;
    for (std::size_t i = 0; i < fill; ++i) {
      if (allowed.contains(group_[i])) items.push_back(group_[i]);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
  }

  /// Drops competitors that are behind in every model, and gives up when too many are ahead in every one:
  /// neither changes a rank for any weights.
  bool reduce(std::span<const double> ahead, std::size_t competitors, Contest& contest) const {
    const std::size_t models = task_.models.size();
    std::vector<std::size_t> kept;
    std::size_t always_ahead = 0;
    for (std::size_t c = 0; c < competitors; ++c) {
      std::size_t before = 0;
      std::size_t behind = 0;
      for (std::size_t m = 0; m < models; ++m) {
        before += ahead[m * competitors + c] > 0;
        behind += ahead[m * competitors + c] < 0;
      }
      always_ahead += before == models;
      if (behind < models) kept.push_back(c);
    }
    if (always_ahead >= kDepth) return false;
    contest.competitors = kept.size();
    contest.ahead.reserve(models * kept.size());
    for (std::size_t m = 0; m < models; ++m) {
      for (const std::size_t c : kept)
        contest.ahead.push_back(static_cast<float>(ahead[m * competitors + c]));
    }
    return true;
  }

  const BlendFitTask& task_;
  std::vector<ItemId> group_;
};

/// NDCG of weightings over the contests, sequence by sequence.
class Objective {
 public:
  Objective(std::vector<Contest> contests, std::size_t sequences)
      : contests_(std::move(contests)), sequences_(static_cast<double>(sequences)) {}

  /// Gain of each contest; sequences without a contest gain nothing.
  std::vector<double> gains(std::span<const double> weights) const {
    std::vector<double> gains;
    gains.reserve(contests_.size());
    std::vector<float> sums;
    for (const Contest& contest : contests_) {
      sums.assign(contest.competitors, 0.0f);
      for (std::size_t m = 0; m < weights.size(); ++m) {
        if (weights[m] == 0) continue;
        const float weight = static_cast<float>(weights[m]);
        const float* ahead = contest.ahead.data() + m * contest.competitors;
        for (std::size_t c = 0; c < contest.competitors; ++c) sums[c] += weight * ahead[c];
      }
      std::size_t above = 0;
      std::size_t level = 0;
      for (const float sum : sums) {
        above += sum > 0;
        level += sum == 0;
      }
      const double rank = 1 + static_cast<double>(above) + static_cast<double>(level) / 2;
      gains.push_back(rank <= static_cast<double>(kDepth) ? 1 / std::log2(rank + 1) : 0);
    }
    return gains;
  }

  double mean(std::span<const double> gains) const {
    return std::accumulate(gains.begin(), gains.end(), 0.0) / sequences_;
  }

  /// Whether b's mean exceeds a's by more than the standard error of the paired difference.
  bool clearly_better(std::span<const double> b, std::span<const double> a) const {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += b[i] - a[i];
      squares += (b[i] - a[i]) * (b[i] - a[i]);
    }
    const double mean = sum / sequences_;
    const double variance = std::max(0.0, squares / sequences_ - mean * mean);
    return mean > std::sqrt(variance / sequences_);
  }

 private:
  std::vector<Contest> contests_;
  double sequences_;
};

/// weights with the share of one part replaced and the others shrunk or stretched to fill the rest.
std::vector<double> with_share(std::vector<double> weights, std::size_t part, double share) {
  const double others = 1 - weights[part];
  if (others <= 0) return weights;
  for (double& weight : weights) weight *= (1 - share) / others;
  weights[part] = share;
  return weights;
}

struct Point {
  std::vector<double> weights;
  std::vector<double> gains;
  double ndcg = 0;
};

/// The best neighbour of a point: one part's share changed, to nothing included. A part joins only when its
/// gain is more than chance, since so many shares are tried.
Point best_step(const Objective& objective, const Point& from) {
  Point best = from;
  const auto consider = [&](std::size_t part, double share) {
    Point to;
    to.weights = with_share(from.weights, part, share);
    if (to.weights == from.weights) return;
    to.gains = objective.gains(to.weights);
    to.ndcg = objective.mean(to.gains);
    const bool joins = from.weights[part] == 0;
    if (to.ndcg > best.ndcg && (!joins || objective.clearly_better(to.gains, from.gains)))
      best = std::move(to);
  };
  for (std::size_t part = 0; part < from.weights.size(); ++part) {
    if (from.weights[part] > 0) consider(part, 0);
    for (const double share : kShares) consider(part, share);
  }
  return best;
}

std::vector<Contest> make_contests(const BlendFitTask& task, std::size_t sequences, kernels::ThreadPool& pool,
                                   Progress& progress) {
  const ContestMaker maker(task);
  std::vector<Contest> contests;
  constexpr std::size_t kChunk = 64;
  for (std::size_t first = 0; first < sequences; first += kChunk) {
    std::vector<Contest> chunk(std::min(kChunk, sequences - first));
    std::vector<char> kept(chunk.size());
    pool.run(chunk.size(), [&](std::size_t i) {
      const std::size_t s = (first + i) * task.held_out.size() / sequences;
      kept[i] = maker.make(task.held_out[s], chunk[i]);
    });
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (kept[i] != 0) contests.push_back(std::move(chunk[i]));
    }
    progress.update(static_cast<double>(first + chunk.size()), static_cast<double>(sequences));
    progress.check();
  }
  return contests;
}

}  // namespace

BlendFit fit_blend(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress) {
  if (task.models.empty() || task.held_out.empty() || task.searchable == nullptr || task.max_sequences == 0) {
    throw std::invalid_argument("a blend is fitted on models and held-out sequences");
  }
  const std::size_t sequences = std::min(task.held_out.size(), task.max_sequences);
  const Objective objective(make_contests(task, sequences, pool, progress), sequences);

  BlendFit fit;
  Point point;
  for (std::size_t m = 0; m < task.models.size(); ++m) {
    Point alone;
    alone.weights.assign(task.models.size(), 0);
    alone.weights[m] = 1;
    alone.gains = objective.gains(alone.weights);
    alone.ndcg = objective.mean(alone.gains);
    fit.single_ndcg.push_back(alone.ndcg);
    if (m == 0 || alone.ndcg > point.ndcg) point = std::move(alone);
  }
  for (std::size_t round = 0; round < kMaxRounds; ++round) {
    Point next = best_step(objective, point);
    if (!(next.ndcg > point.ndcg)) break;
    point = std::move(next);
    progress.check();
  }
  fit.ndcg = point.ndcg;
  for (std::size_t m = 0; m < task.models.size(); ++m) {
    if (point.weights[m] == 0) continue;
    fit.weights.models.emplace_back(task.models[m]->name());
    fit.weights.weights.push_back(point.weights[m]);
  }
  return fit;
}

}  // namespace segue::index
