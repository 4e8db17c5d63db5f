#include "index/reindex/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <unordered_set>

#include "index/model/random_stream.h"
#include "index/top_items.h"

namespace segue::index {

namespace {

constexpr std::size_t kSequencesPerBlock = 16;
constexpr std::size_t kBlocksPerReport = 16;

/// How many scores stand above a target's and how many level with it, the target itself not counted.
struct Standing {
  std::size_t above = 0;
  std::size_t level = 0;

  void add(double score, double target) {
    above += score > target;
    level += score == target;
  }
  void remove(double score, double target) {
    above -= score > target;
    level -= score == target;
  }
  double rank() const { return 1 + static_cast<double>(above) + static_cast<double>(level) / 2; }
};

}  // namespace

Scorer scorer_of(const SessionModel& model) {
  return [&model](const SessionView& session, std::span<double> scores) {
    const auto encoded = model.encode(session);
    if (!encoded) {
      std::fill(scores.begin(), scores.end(), 0.0);
      return;
    }
    encoded->score_all(scores);
    for (ItemId i = 0; i < scores.size(); ++i) {
      if (scores[i] == 0 && !model.knows(i)) scores[i] = -std::numeric_limits<double>::infinity();
    }
  };
}

Scorer scorer_of(const Blend& blend, ItemGroup group) {
  return [&blend, group](const SessionView& session, std::span<double> scores) {
    const auto encoded = blend.encode(session, group);
    if (encoded) {
      encoded->score_all(scores);
    } else {
      std::fill(scores.begin(), scores.end(), 0.0);
    }
  };
}

Evaluator::Evaluator(const ItemSet& group, kernels::ThreadPool& pool, Progress& progress)
    : group_(&group), pool_(&pool), progress_(&progress) {
  for (ItemId i = 0; i < group.size(); ++i) {
    if (group.contains(i)) items_.push_back(i);
  }
}

void Evaluator::for_each(const Scorer& scorer, std::span<const HeldOut> held_out,
                         const std::function<void(std::size_t, std::span<const double>)>& body) const {
  for (const HeldOut& one : held_out) {
    if (!group_->contains(one.target))
      throw std::invalid_argument("a held-out target is outside the item group");
  }
  constexpr std::size_t kChunk = kSequencesPerBlock * kBlocksPerReport;
  for (std::size_t first = 0; first < held_out.size(); first += kChunk) {
    const std::size_t end = std::min(held_out.size(), first + kChunk);
    pool_->run((end - first + kSequencesPerBlock - 1) / kSequencesPerBlock, [&](std::size_t block) {
      std::vector<double> scores(group_->size());
      const std::size_t begin = first + block * kSequencesPerBlock;
      for (std::size_t s = begin; s < std::min(end, begin + kSequencesPerBlock); ++s) {
        scorer(held_out[s].view(), scores);
        body(s, scores);
      }
    });
    progress_->update(static_cast<double>(end), static_cast<double>(held_out.size()));
    progress_->check();
  }
}

std::vector<std::vector<double>> Evaluator::ranks(const Scorer& scorer, std::span<const HeldOut> held_out,
                                                  std::span<const SeenRule> rules) const {
  std::vector<std::vector<double>> ranks(rules.size(), std::vector<double>(held_out.size(), kMissed));
  for_each(scorer, held_out, [&](std::size_t s, std::span<const double> scores) {
    const ItemId target = held_out[s].target;
    const double score = scores[target];
    if (std::isnan(score)) return;
    Standing all;
    for (const ItemId item : items_) all.add(scores[item], score);
    --all.level;  // the target itself
    for (std::size_t r = 0; r < rules.size(); ++r) {
      const auto items = left_out(rules[r], held_out[s].prefix);
      if (std::find(items.begin(), items.end(), target) != items.end()) continue;
      Standing standing = all;
      for (const ItemId item : items) {
        if (group_->contains(item)) standing.remove(scores[item], score);
      }
      ranks[r][s] = standing.rank();
    }
  });
  return ranks;
}

std::vector<double> Evaluator::sampled_ranks(const Scorer& scorer, std::span<const HeldOut> held_out,
                                             const EvaluationOptions& options) const {
  std::vector<double> ranks(held_out.size(), kMissed);
  for_each(scorer, held_out, [&](std::size_t s, std::span<const double> scores) {
    const HeldOut& one = held_out[s];
    const auto left = left_out(options.seen, one.prefix);
    if (std::isnan(scores[one.target]) || std::find(left.begin(), left.end(), one.target) != left.end())
      return;
    std::unordered_set<ItemId> taken(one.prefix.begin(), one.prefix.end());
    taken.insert(one.target);
    std::size_t free = items_.size();
    for (const ItemId item : taken) free -= group_->contains(item);
    Standing standing;
    // One stream per sequence, so that threads and other sequences do not matter.
    RandomStream random(mix_seed(options.seed, s));
    for (std::size_t n = std::min(options.negatives, free); n > 0;) {
      const ItemId item = items_[random.below(items_.size())];
      if (!taken.insert(item).second) continue;
      standing.add(scores[item], scores[one.target]);
      --n;
    }
    ranks[s] = standing.rank();
  });
  return ranks;
}

double Evaluator::coverage(const Scorer& scorer, std::span<const HeldOut> held_out, const SeenRule& seen,
                           std::size_t k) const {
  std::vector<std::vector<ItemId>> tops(held_out.size());
  for_each(scorer, held_out, [&](std::size_t s, std::span<const double> scores) {
    const auto left = left_out(seen, held_out[s].prefix);
    const std::unordered_set<ItemId> skip(left.begin(), left.end());
    std::vector<ScoredItem> best;
    for (const ItemId item : items_) {
      const bool scored = scores[item] > -std::numeric_limits<double>::infinity();
      if (scored && !skip.contains(item)) best.push_back({item, scores[item]});
    }
    keep_best(best, k);
    for (const ScoredItem& hit : best) tops[s].push_back(hit.item);
  });
  ItemSet covered(group_->size());
  for (const auto& top : tops) {
    for (const ItemId item : top) covered.insert(item);
  }
  return items_.empty() ? 0 : static_cast<double>(covered.count()) / static_cast<double>(items_.size());
}

Evaluation Evaluator::evaluate(const Scorer& scorer, std::span<const HeldOut> held_out,
                               const EvaluationOptions& options) const {
  Evaluation result;
  if (options.negatives > 0) {
    result.ranks = sampled_ranks(scorer, held_out, options);
  } else {
    result.ranks = std::move(ranks(scorer, held_out, std::span(&options.seen, 1)).front());
  }
  for (const RankingMetric& metric : options.metrics) {
    result.values.push_back(metric.kind == RankingMetric::Kind::kCoverage
                                ? coverage(scorer, held_out, options.seen, metric.k)
                                : mean_metric(metric, result.ranks));
  }
  return result;
}

SeenRule Evaluator::choose_seen_rule(const Scorer& scorer, std::span<const HeldOut> held_out) const {
  const std::vector<SeenRule> rules = seen_rule_candidates();
  const auto by_rule = ranks(scorer, held_out, rules);
  std::size_t best = 0;
  for (std::size_t r = 1; r < rules.size(); ++r) {
    if (mean_metric(kNdcg10, by_rule[r]) > mean_metric(kNdcg10, by_rule[best])) best = r;
  }
  return rules[best];
}

}  // namespace segue::index
