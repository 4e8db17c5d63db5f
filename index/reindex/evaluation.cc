#include "index/reindex/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
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

/// How rare each item of the group was in training, by ItemId.
std::vector<double> bits_of_items(std::span<const ItemId> group, std::span<const float> events) {
  double all = static_cast<double>(std::max<std::size_t>(1, group.size()));
  for (const ItemId item : group) all += static_cast<double>(events[item]);
  std::vector<double> bits(events.size(), 0);
  for (const ItemId item : group) bits[item] = -std::log2((static_cast<double>(events[item]) + 1) / all);
  return bits;
}

/// 1 for the items of the group that are not among the most frequent ones with half of its events.
std::vector<double> tail_items(std::span<const ItemId> group, std::span<const float> events) {
  std::vector<ScoredItem> order;
  double left = 0;
  for (const ItemId item : group) {
    order.push_back({item, static_cast<double>(events[item])});
    left += static_cast<double>(events[item]) / 2;
  }
  std::sort(order.begin(), order.end(), ranks_before);
  std::vector<double> tail(events.size(), 0);
  for (const ScoredItem& entry : order) {
    if (left > 0) {
      left -= entry.score;
    } else {
      tail[entry.item] = 1;
    }
  }
  return tail;
}

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
      const auto items = left_out(rules[r], held_out[s].view());
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

double Evaluator::rank_among_all(const HeldOut& one, std::span<const double> scores,
                                 const SeenRule& rule) const {
  const double score = scores[one.target];
  const auto left = left_out(rule, one.view());
  if (std::isnan(score) || std::find(left.begin(), left.end(), one.target) != left.end()) return kMissed;
  Standing standing;
  for (const ItemId item : items_) standing.add(scores[item], score);
  standing.remove(score, score);  // the target itself
  for (const ItemId item : left) {
    if (group_->contains(item)) standing.remove(scores[item], score);
  }
  return standing.rank();
}

double Evaluator::rank_among_drawn(const HeldOut& one, std::span<const double> scores,
                                   const EvaluationOptions& options, std::size_t stream) const {
  const auto left = left_out(options.seen, one.view());
  if (std::isnan(scores[one.target]) || std::find(left.begin(), left.end(), one.target) != left.end())
    return kMissed;
  std::unordered_set<ItemId> taken(one.prefix.begin(), one.prefix.end());
  taken.insert(one.target);
  std::size_t free = items_.size();
  for (const ItemId item : taken) free -= group_->contains(item);
  Standing standing;
  // One stream per sequence, so that threads and other sequences do not matter.
  RandomStream random(mix_seed(options.seed, stream));
  for (std::size_t n = std::min(options.negatives, free); n > 0;) {
    const ItemId item = items_[random.below(items_.size())];
    if (!taken.insert(item).second) continue;
    standing.add(scores[item], scores[one.target]);
    --n;
  }
  return standing.rank();
}

std::vector<ItemId> Evaluator::best(const HeldOut& one, std::span<const double> scores, const SeenRule& rule,
                                    std::size_t k) const {
  const auto left = left_out(rule, one.view());
  const std::unordered_set<ItemId> skip(left.begin(), left.end());
  TopItems top(k);
  for (const ItemId item : items_) {
    const bool scored = scores[item] > -std::numeric_limits<double>::infinity();
    if (scored && !skip.contains(item)) top.offer({item, scores[item]});
  }
  std::vector<ItemId> items;
  for (const ScoredItem& hit : top.take()) items.push_back(hit.item);
  return items;
}

void Evaluator::measure_lists(const RankingMetric& metric, std::span<const std::vector<ItemId>> lists,
                              std::span<const float> events, Evaluation& result) const {
  const double items = static_cast<double>(std::max<std::size_t>(1, items_.size()));
  if (metric.is_mean()) {
    if (events.size() != group_->size())
      throw std::invalid_argument(metric.name() + " needs the events of each item");
    const std::vector<double> of_item = metric.kind == RankingMetric::Kind::kNovelty
                                            ? bits_of_items(items_, events)
                                            : tail_items(items_, events);
    std::vector<double> means;
    for (const std::vector<ItemId>& list : lists) {
      double sum = 0;
      const std::size_t n = std::min(metric.k, list.size());
      for (std::size_t i = 0; i < n; ++i) sum += of_item[list[i]];
      means.push_back(n == 0 ? 0 : sum / static_cast<double>(n));
    }
    result.values.push_back(std::accumulate(means.begin(), means.end(), 0.0) /
                            static_cast<double>(std::max<std::size_t>(1, means.size())));
    result.by_target.push_back(std::move(means));
    return;
  }
  std::vector<double> places(group_->size(), 0);
  for (const std::vector<ItemId>& list : lists) {
    for (std::size_t i = 0; i < std::min(metric.k, list.size()); ++i) places[list[i]] += 1;
  }
  std::vector<double> of_group;
  for (const ItemId item : items_) of_group.push_back(places[item]);
  const auto covered = std::count_if(of_group.begin(), of_group.end(), [](double n) { return n > 0; });
  result.values.push_back(metric.kind == RankingMetric::Kind::kGini ? gini_coefficient(std::move(of_group))
                                                                    : static_cast<double>(covered) / items);
  result.by_target.emplace_back();
}

Evaluation Evaluator::evaluate(const Scorer& scorer, std::span<const HeldOut> held_out,
                               const EvaluationOptions& options) const {
  Evaluation result;
  result.ranks.assign(held_out.size(), kMissed);
  std::size_t depth = 0;
  for (const RankingMetric& metric : options.metrics)
    depth = std::max(depth, metric.of_lists() ? metric.k : 0);
  std::vector<std::vector<ItemId>> lists(depth > 0 ? held_out.size() : 0);
  for_each(scorer, held_out, [&](std::size_t s, std::span<const double> scores) {
    result.ranks[s] = options.negatives > 0 ? rank_among_drawn(held_out[s], scores, options, s)
                                            : rank_among_all(held_out[s], scores, options.seen);
    if (depth > 0) lists[s] = best(held_out[s], scores, options.seen, depth);
  });
  for (const RankingMetric& metric : options.metrics) {
    if (metric.of_lists()) {
      measure_lists(metric, lists, options.events, result);
      continue;
    }
    result.values.push_back(mean_metric(metric, result.ranks));
    std::vector<double>& gains = result.by_target.emplace_back();
    for (const double rank : result.ranks) gains.push_back(metric.at(rank));
  }
  return result;
}

std::vector<EvaluationSlice> slice(const Evaluation& evaluation, std::span<const std::size_t> class_of) {
  if (class_of.size() != evaluation.ranks.size()) throw std::invalid_argument("not one class per target");
  std::vector<EvaluationSlice> slices;
  const std::size_t classes = class_of.empty() ? 0 : *std::max_element(class_of.begin(), class_of.end()) + 1;
  for (std::size_t c = 0; c < classes; ++c) {
    EvaluationSlice one{c, 0, std::vector<double>(evaluation.by_target.size(), 0)};
    for (std::size_t t = 0; t < class_of.size(); ++t) {
      if (class_of[t] != c) continue;
      ++one.events;
      for (std::size_t m = 0; m < one.values.size(); ++m) {
        if (!evaluation.by_target[m].empty()) one.values[m] += evaluation.by_target[m][t];
      }
    }
    if (one.events == 0) continue;
    for (double& value : one.values) value /= static_cast<double>(one.events);
    slices.push_back(std::move(one));
  }
  return slices;
}

SeenRule Evaluator::choose_seen_rule(const Scorer& scorer, std::span<const HeldOut> held_out) const {
  const std::vector<SeenRule> rules = seen_rule_candidates(held_out);
  const auto by_rule = ranks(scorer, held_out, rules);
  std::size_t best = 0;
  for (std::size_t r = 1; r < rules.size(); ++r) {
    if (mean_metric(kNdcg10, by_rule[r]) > mean_metric(kNdcg10, by_rule[best])) best = r;
  }
  return rules[best];
}

}  // namespace segue::index
