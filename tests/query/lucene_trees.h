#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "query/lucene/text_search.h"
#include "query/syntax/ast.h"
#include "tests/index/text_corpus.h"

namespace segue::query::testing {

template <class Expression>
syntax::Node node(Expression expression, std::string field = {}, double boost = 1) {
  syntax::Node made;
  made.expression = std::move(expression);
  made.field = std::move(field);
  made.boost = boost;
  return made;
}

inline syntax::Node term(std::string text, std::string field = {}, double boost = 1) {
  return node(syntax::Term{std::move(text)}, std::move(field), boost);
}

inline syntax::Node phrase(std::string text, int slop = 0, std::string field = {}) {
  return node(syntax::Phrase{std::move(text), slop}, std::move(field));
}

inline syntax::Node all_of(std::vector<syntax::Clause> clauses, double boost = 1) {
  return node(syntax::Boolean{std::move(clauses)}, {}, boost);
}

/// Trees over the items of index::testing::random_items, with operators that score random items.
class RandomTrees {
 public:
  RandomTrees(std::size_t items, std::mt19937_64& random) : items_(items), random_(random) {}

  syntax::Node tree(int depth) {
    if (depth == 0 || below(4) == 0) return leaf();
    std::vector<syntax::Clause> clauses;
    for (std::size_t n = 1 + below(4); n > 0; --n) clauses.push_back({occur(), tree(depth - 1)});
    syntax::Node made = all_of(std::move(clauses), boost());
    if (below(4) == 0) made.field = text_field();
    return made;
  }

  /// Scores for every operator of a tree that stays where it is.
  OperatorScores operator_scores(const syntax::Node& tree) {
    OperatorScores scores;
    add_scores(tree, scores);
    return scores;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  double boost() { return below(2) == 0 ? 1 : 0.5 * static_cast<double>(1 + below(6)); }
  std::string text_field() { return std::vector<std::string>{"title", "text", "_all"}[below(3)]; }
  std::string word() { return index::testing::numbered("w", below(32)); }
  syntax::Occur occur() {
    const std::size_t draw = below(8);
    return draw < 4 ? syntax::Occur::kShould : draw < 7 ? syntax::Occur::kMust : syntax::Occur::kMustNot;
  }

  syntax::Node leaf() {
    const std::string field = below(2) == 0 ? std::string() : text_field();
    switch (below(18)) {
      case 0:
        return node(syntax::Prefix{index::testing::numbered("w", below(4))}, field, boost());
      case 1:
        return node(syntax::Wildcard{below(2) == 0 ? "w?2*" : "*1"}, field, boost());
      case 2:
        return node(syntax::Fuzzy{word(), 0.5}, field, boost());
      case 3:
        return node(syntax::Range{word(), below(4) == 0 ? "*" : word(), below(2) == 0}, field, boost());
      case 4:
        return node(syntax::Range{number(), below(4) == 0 ? "*" : number(), below(2) == 0}, "price", boost());
      case 5:
        return term(number(), "price", boost());
      case 6:
        return term(below(2) == 0 ? "red" : "Blue", "color", boost());
      case 7:
        return term(below(2) == 0 ? "true" : "false", "sale", boost());
      case 8:
        return term(below(2) == 0 ? "query" : "item", "kind", boost());
      case 9:
        return node(syntax::MatchAll{}, {}, boost());
      case 10:
        return node(syntax::Words{word() + " " + word() + ", " + word()}, field, boost());
      case 11:
        return node(syntax::Operator{}, {}, boost());
      case 12:
        return phrase(word() + " " + word(), 0, field);
      case 13:
        return term(word() + "-" + word(), field, boost());
      case 14:
        return term("!?", field, boost());
      default:
        return term(word(), field, boost());
    }
  }
  std::string number() { return std::vector<std::string>{"0", "1.5", "4", "7.5", "-3"}[below(5)]; }

  void add_scores(const syntax::Node& node, OperatorScores& scores) {
    if (const auto* boolean = node.get_if<syntax::Boolean>()) {
      for (const syntax::Clause& clause : boolean->clauses) add_scores(clause.node, scores);
    } else if (node.get_if<syntax::Operator>() != nullptr) {
      std::vector<index::ScoredItem>& items = scores[&node];
      for (index::ItemId item = 0; item < items_; ++item) {
        if (below(5) == 0) items.push_back({item, static_cast<double>(below(100)) / 100});
      }
    }
  }

  std::size_t items_;
  std::mt19937_64& random_;
};

}  // namespace segue::query::testing
