#include "index/model/blend_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "index/model/blend_ascent.h"
#include "index/model/blend_objective.h"

namespace segue::index {
namespace {

/// How hard weights by class are held to the model's own: chosen on Online Retail and Games, where a tenth
/// and a hundredth of it did about as well.
constexpr double kShrinkage = 0.1;
constexpr std::size_t kFolds = 2;
/// A share of the NDCG that is nothing beside what a model costs in every query. (A standard error would be
/// too much: on Online Retail it is 1.5 %, and dropping the factorisation for it costs that.)
constexpr double kNoCost = 0.001;
constexpr double kDecimals = 1e6;

/// A way to find weights.
struct Method {
  const char* name;
  bool ascent;
  BlendLikelihood::Shape shape;
  bool structured() const { return shape.by_length || shape.by_count; }
};
constexpr std::array kMethods{
    Method{"one weight per model, by ascent on NDCG@10", true, {}},
    Method{"one weight per model, by likelihood", false, {}},
    Method{"weights by length of the session, by likelihood", false, {true, false}},
    Method{"weights by events of the item, by likelihood", false, {false, true}},
    Method{"weights by length of the session and events of the item, by likelihood", false, {true, true}},
};

class Fitting {
 public:
  Fitting(const BlendContests& contests, kernels::ThreadPool& pool, Progress& progress)
      : contests_(contests), pool_(pool), progress_(progress) {}

  BlendTable fit(const Method& method, const std::vector<char>& used, const BlendFold& fold) const {
    progress_.check();
    if (method.ascent) return {contests_, ascend_ndcg(contests_, fold, used, pool_, progress_)};
    return BlendLikelihood(contests_, fold, used, method.shape, kShrinkage, pool_).fit();
  }

  std::vector<double> gains(const BlendTable& weights) const { return ndcg_gains(contests_, weights, pool_); }

  /// The gain of each sequence under weights that were fitted without its fold.
  std::vector<double> gains_by_others(const Method& method, const std::vector<char>& used) const {
    std::vector<double> all(contests_.sequences, 0);
    for (std::size_t f = 0; f < kFolds; ++f) {
      const std::vector<double> some = gains(fit(method, used, {kFolds, f}));
      for (std::size_t s = f; s < all.size(); s += kFolds) all[s] = some[s];
    }
    return all;
  }

  /// The method that is ahead on sequences it has not learned from.
  const Method& choose(const std::vector<char>& used) const {
    const Method* best = &kMethods.front();
    std::vector<double> best_gains = gains_by_others(*best, used);
    for (const Method& method : kMethods) {
      const bool applies = (!method.shape.by_length || contests_.lengths > 1) &&
                           (!method.shape.by_count || contests_.counts > 1);
      if (&method == best || !applies) continue;
      std::vector<double> its = gains_by_others(method, used);
      const double needed = method.structured() ? error_of_difference(its, best_gains) : 0;
      if (mean(its) - mean(best_gains) <= needed) continue;
      best = &method;
      best_gains = std::move(its);
    }
    return *best;
  }

  /// Leaves out models, the cheapest first, as long as all that are left out together cost nothing to speak
  /// of. One that was missed is not tried again: beside fewer others it is missed the more.
  void drop(const Method& method, std::vector<char>& used) const {
    const std::vector<double> whole = gains_by_others(method, used);
    std::vector<char> missed(used.size(), 0);
    while (std::count(used.begin(), used.end(), 1) > 1) {
      std::optional<std::size_t> cheapest;
      double least = 0;
      for (std::size_t m = 0; m < used.size(); ++m) {
        if (used[m] == 0 || missed[m] != 0) continue;
        std::vector<char> without = used;
        without[m] = 0;
        const std::vector<double> rest = gains_by_others(method, without);
        const double cost = mean(whole) - mean(rest);
        missed[m] = cost > kNoCost * mean(whole) ? 1 : 0;
        if (missed[m] == 0 && (!cheapest || cost < least)) {
          cheapest = m;
          least = cost;
        }
      }
      if (!cheapest) return;
      used[*cheapest] = 0;
    }
  }

 private:
  const BlendContests& contests_;
  kernels::ThreadPool& pool_;
  Progress& progress_;
};

/// weights[m] is the mean over the targets; offsets have mean 0 over them.
BlendWeights to_weights(const BlendTable& table, const Method& method, const BlendContests& contests,
                        const BlendFitTask& task) {
  std::vector<double> lengths(table.lengths, 0);
  std::vector<double> counts(table.counts, 0);
  const double share = 1 / static_cast<double>(contests.contests.size());
  for (const BlendContest& contest : contests.contests) {
    lengths[contest.length] += share;
    counts[contest.target] += share;
  }
  // Additive: the weights of a class of sessions at the average item, and the reverse, say it all.
  const auto of_length = [&](std::size_t m, std::size_t l) {
    double sum = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) sum += counts[k] * table.at(l, m, k);
    return sum;
  };
  const auto of_count = [&](std::size_t m, std::size_t k) {
    double sum = 0;
    for (std::size_t l = 0; l < lengths.size(); ++l) sum += lengths[l] * table.at(l, m, k);
    return sum;
  };
  std::vector<double> base(table.models, 0);
  double total = 0;
  for (std::size_t m = 0; m < table.models; ++m) {
    for (std::size_t l = 0; l < lengths.size(); ++l) base[m] += lengths[l] * of_length(m, l);
    total += base[m];
  }
  const auto readable = [&](double weight) { return std::round(weight / total * kDecimals) / kDecimals; };

  BlendWeights weights;
  if (method.shape.by_length) weights.lengths = task.lengths;
  if (method.shape.by_count) weights.counts = task.counts;
  for (std::size_t m = 0; m < table.models; ++m) {
    if (!(readable(base[m]) > 0)) continue;
    weights.models.emplace_back(task.models[m]->name());
    weights.weights.push_back(readable(base[m]));
    for (std::size_t l = 0; l < weights.lengths.size(); ++l) {
      weights.by_length.push_back(readable(of_length(m, l) - base[m]));
    }
    for (std::size_t k = 0; k < weights.counts.size(); ++k) {
      weights.by_count.push_back(readable(of_count(m, k) - base[m]));
    }
  }
  return weights;
}

}  // namespace

BlendFit fit_blend(const BlendFitTask& task, kernels::ThreadPool& pool, Progress& progress) {
  const BlendContests contests = make_contests(task, pool, progress);
  const Fitting fitting(contests, pool, progress);

  BlendFit fit;
  std::size_t best = 0;
  for (std::size_t m = 0; m < task.models.size(); ++m) {
    std::vector<double> alone(task.models.size(), 0);
    alone[m] = 1;
    fit.single_ndcg.push_back(mean(fitting.gains({contests, alone})));
    if (fit.single_ndcg[m] > fit.single_ndcg[best]) best = m;
  }
  fit.weights = {{std::string(task.models[best]->name())}, {1.0}};
  fit.ndcg = fit.single_ndcg[best];
  fit.method = "one model alone";
  if (contests.contests.empty() || task.models.size() == 1) return fit;

  std::vector<char> used(task.models.size(), 1);
  const Method& method = fitting.choose(used);
  // The ascent takes in no model that does not help.
  if (!method.ascent) fitting.drop(method, used);
  const BlendTable table = fitting.fit(method, used, {});
  const double ndcg = mean(fitting.gains(table));
  if (ndcg <= fit.ndcg) return fit;
  fit.ndcg = ndcg;
  fit.weights = to_weights(table, method, contests, task);
  fit.method = method.name;
  return fit;
}

}  // namespace segue::index
