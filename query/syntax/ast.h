#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace segue::query::syntax {

/// Bytes [begin, end) of the query text that something was read from.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// How a clause takes part in its boolean query. AND, OR, NOT, &&, ||, !, + and - of the text all end up
/// here, by the rules of Lucene 3.0's classic parser: they modify the clauses beside them and have no
/// precedence.
enum class Occur { kShould, kMust, kMustNot };

struct Node;

/// A word as it was typed, escapes undone; the analyzer has not seen it yet.
struct Term {
  std::string text;
};
/// A quoted phrase; slop is the number of moves allowed between its words.
struct Phrase {
  std::string text;
  int slop = 0;
};
/// begin*
struct Prefix {
  std::string text;
};
/// A pattern with * and ?; a backslash takes the meaning off the character after it.
struct Wildcard {
  std::string pattern;
};
/// term~ or term~0.7: the least similarity, as Lucene 3.0 understands it.
struct Fuzzy {
  std::string text;
  double similarity = 0.5;
};
/// [low TO high] includes both ends, {low TO high} neither. An end of "*" is open.
struct Range {
  std::string low;
  std::string high;
  bool inclusive = true;
};
/// *:*
struct MatchAll {};
/// $name: a value that comes with the request. As a clause it stands for text (or for a query, where the host
/// allows it).
struct Param {
  std::string name;
};
/// Plain words joined by OR, without any syntax: what a bound $name of text becomes. The parser never makes
/// one. The analyzer cuts the text into words; a word given twice counts twice.
struct Words {
  std::string text;
};

struct Clause;
/// ( clauses ), and the whole query. Without clauses it matches nothing.
struct Boolean {
  std::vector<Clause> clauses;
};

/// The right side of key=value.
struct Value {
  enum class Kind { kBare, kQuoted, kParam };
  Kind kind = Kind::kBare;
  std::string text;  ///< of a parameter: its name without the $
  TextRange range;
};
struct Argument {
  std::string key;
  Value value;
  TextRange range;
};
using Vector = std::vector<double>;
/// A body of an operator: ( query ), [ numbers ] or "text".
struct Body {
  std::variant<std::vector<Node>, Vector, std::string> value;  ///< a query is a vector of exactly one node
  TextRange range;
};
/// {!name key=value ...} body*
struct Operator {
  std::string name;
  std::vector<Argument> arguments;
  std::vector<Body> bodies;
};

/// One expression with what may be said about any: its field, its boost, where it stands. A value: copies are
/// deep.
struct Node {
  using Expression =
      std::variant<Boolean, Term, Phrase, Prefix, Wildcard, Fuzzy, Range, MatchAll, Param, Words, Operator>;
  Expression expression;
  std::string field;  ///< empty: that of the group around it, at last the default field
  double boost = 1;
  TextRange range;

  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&expression);
  }
};

struct Clause {
  Occur occur = Occur::kShould;
  Node node;
};

/// Equality of meaning: ranges in the text do not count.
bool operator==(const Node& a, const Node& b);

}  // namespace segue::query::syntax
