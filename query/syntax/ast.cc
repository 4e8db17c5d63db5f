#include "query/syntax/ast.h"

#include <algorithm>

namespace segue::query::syntax {
namespace {

struct SameMeaning {
  bool operator()(const Term& a, const Term& b) const { return a.text == b.text; }
  bool operator()(const Phrase& a, const Phrase& b) const { return a.text == b.text && a.slop == b.slop; }
  bool operator()(const Prefix& a, const Prefix& b) const { return a.text == b.text; }
  bool operator()(const Wildcard& a, const Wildcard& b) const { return a.pattern == b.pattern; }
  bool operator()(const Fuzzy& a, const Fuzzy& b) const {
    return a.text == b.text && a.similarity == b.similarity;
  }
  bool operator()(const Range& a, const Range& b) const {
    return a.low == b.low && a.high == b.high && a.inclusive == b.inclusive;
  }
  bool operator()(const MatchAll&, const MatchAll&) const { return true; }
  bool operator()(const Param& a, const Param& b) const { return a.name == b.name; }
  bool operator()(const Words& a, const Words& b) const { return a.text == b.text; }

  bool operator()(const Clause& a, const Clause& b) const { return a.occur == b.occur && a.node == b.node; }
  bool operator()(const Boolean& a, const Boolean& b) const { return all(a.clauses, b.clauses); }

  /// Quotes around a value are a way to write it, no part of it; a parameter is something else.
  bool operator()(const Argument& a, const Argument& b) const {
    const bool same_kind = (a.value.kind == Value::Kind::kParam) == (b.value.kind == Value::Kind::kParam);
    return same_kind && a.key == b.key && a.value.text == b.value.text;
  }
  bool operator()(const Body& a, const Body& b) const { return a.value == b.value; }
  bool operator()(const Operator& a, const Operator& b) const {
    return a.name == b.name && all(a.arguments, b.arguments) && all(a.bodies, b.bodies);
  }

  template <class T>
  bool all(const std::vector<T>& a, const std::vector<T>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), *this);
  }
};

}  // namespace

bool operator==(const Node& a, const Node& b) {
  if (a.expression.index() != b.expression.index() || a.field != b.field || a.boost != b.boost) return false;
  return std::visit(
      [&b](const auto& left) {
        return SameMeaning{}(left, std::get<std::decay_t<decltype(left)>>(b.expression));
      },
      a.expression);
}

}  // namespace segue::query::syntax
