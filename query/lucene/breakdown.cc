#include "query/lucene/breakdown.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "query/syntax/parser.h"

namespace segue::query {

using index::ItemId;
using syntax::Occur;

namespace {

/// A lowered tree with one cursor for each of its leaves. Items must be asked for in rising order.
class Walker {
 public:
  Walker(const Lowered& query, double outer_boost) : query_(query), boost_(outer_boost * query.boost) {
    if (query.leaf != nullptr) cursor_ = query.leaf->cursor(boost_);
    for (const Lowered::Clause& clause : query.clauses) clauses_.emplace_back(clause.query, boost_);
  }

  // Does the tree match? Appends the leaves that do, with score 0 where a clause around them does not.
  bool visit(ItemId item, std::vector<LeafScore>& leaves) {
    if (cursor_ != nullptr) {
      if (cursor_->seek(item) != item) return false;
      leaves.push_back({query_.node, cursor_->score(), query_.leaf->explain(item, boost_)});
      const bool word = !leaves.back().terms.empty();
      if (!word && query_.node->get_if<syntax::Operator>() == nullptr) {
        TermScore match;
        match.term = syntax::print(*query_.node);
        match.boost = boost_;
        match.score = leaves.back().score;
        leaves.back().terms.push_back(std::move(match));
      }
      return true;
    }
    const std::size_t begin = leaves.size();
    bool required = false;
    bool all = true;
    bool any = false;
    bool prohibited = false;
    std::vector<LeafScore> unscored;
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      const Occur occur = query_.clauses[i].occur;
      const bool matched = clauses_[i].visit(item, occur == Occur::kMustNot ? unscored : leaves);
      required = required || occur == Occur::kMust;
      all = all && (matched || occur != Occur::kMust);
      any = any || (matched && occur == Occur::kShould);
      prohibited = prohibited || (matched && occur == Occur::kMustNot);
    }
    const bool matched = !prohibited && (required ? all : any);
    if (!matched) {
      for (std::size_t i = begin; i < leaves.size(); ++i) silence(leaves[i]);
    }
    return matched;
  }

 private:
  static void silence(LeafScore& leaf) {
    leaf.score = 0;
    for (TermScore& term : leaf.terms) term.score = 0;
  }

  const Lowered& query_;
  double boost_;
  std::unique_ptr<Cursor> cursor_;
  std::vector<Walker> clauses_;
};

}  // namespace

std::vector<ScoreBreakdown> break_down(const Lowered& query, std::span<const ItemId> items) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return items[a] < items[b]; });

  Walker walker(query, 1);
  std::vector<ScoreBreakdown> breakdowns(items.size());
  for (const std::size_t i : order) {
    walker.visit(items[i], breakdowns[i].leaves);
    for (const LeafScore& leaf : breakdowns[i].leaves) breakdowns[i].score += leaf.score;
  }
  return breakdowns;
}

}  // namespace segue::query
