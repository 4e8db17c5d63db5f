#include <gtest/gtest.h>

#include <random>
#include <string>

#include "query/syntax/parser.h"

namespace segue::query::syntax {
namespace {

/// Random trees of the shapes that the parser can give: no group of one optional clause, no field on *:* and
/// operators.
class RandomTrees {
 public:
  explicit RandomTrees(unsigned seed) : random_(seed) {}

  Node node(int depth) {
    Node made;
    const std::size_t kinds = depth > 0 ? 10 : 8;
    switch (below(kinds)) {
      case 0:
        made.expression = Term{text(false)};
        break;
      case 1:
        made.expression = Phrase{text(true), static_cast<int>(below(3)) * static_cast<int>(below(1000))};
        break;
      case 2:
        made.expression = Prefix{text(false)};
        break;
      case 3:
        made.expression = Wildcard{pattern()};
        break;
      case 4:
        made.expression = Fuzzy{text(false), static_cast<double>(below(1000)) / 1000};
        break;
      case 5:
        made.expression = Range{text(true), below(4) == 0 ? "*" : text(true), below(2) == 0};
        break;
      case 6:
        made.expression = MatchAll{};
        break;
      case 7:
        made.expression = Param{name(false)};
        break;
      case 8:
        made.expression = operation(depth - 1);
        break;
      default:
        made.expression = group(depth - 1);
        break;
    }
    if (!made.get_if<MatchAll>() && !made.get_if<Operator>() && below(3) == 0) made.field = text(false);
    if (below(3) == 0) made.boost = static_cast<double>(below(100'000)) / 777;
    return made;
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  std::string character() {
    static const std::string kSpecial = "+-!():^[]\"{}~*?\\$&|'=,. \t\n";
    switch (below(8)) {
      case 0:
      case 1:
        return std::string(1, kSpecial[below(kSpecial.size())]);
      case 2:
        return "\xc3\xa9";
      case 3:
        return below(2) == 0 ? "\xe3\x80\x80" : "\xf0\x9f\x98\x80";
      case 4:
        return std::string(1, static_cast<char>(below(32)));
      default:
        return std::string(1, static_cast<char>('a' + below(26)));
    }
  }

  std::string text(bool may_be_empty) {
    static const std::string kWords[] = {"AND", "OR", "NOT", "&&",   "||",   "TO",
                                         "$q",  "$",  "!",   "{!x}", "AND ", "-a"};
    if (below(6) == 0) return kWords[below(std::size(kWords))];
    std::string made;
    for (std::size_t n = below(6) + (may_be_empty ? 0 : 1); n > 0; --n) made += character();
    return made == "*" ? "star"
                       : made;  // as an end of a range it is open, which the tree cannot tell from the text
  }

  /// At least one * or ?, none in front, and not just one at the end: that is a prefix.
  std::string pattern() {
    std::string made = "p";
    for (std::size_t n = below(5); n > 0; --n) {
      const std::string next = character();
      if (next == "\\" || next == "*" || next == "?") made += '\\';
      made += next;
    }
    made += below(2) == 0 ? "?" : "*";
    for (std::size_t n = below(3); n > 0; --n) made += below(2) == 0 ? "*" : "\\?";
    return made + (below(2) == 0 ? "x" : "?");
  }

  std::string name(bool key) {
    std::string made(1, below(4) == 0 ? '_' : static_cast<char>('A' + below(26)));
    static const std::string kInside = "abcXYZ019__.-";
    for (std::size_t n = below(5); n > 0; --n) made += kInside[below(kInside.size() - (key ? 0 : 2))];
    return made;
  }

  Operator operation(int depth) {
    Operator made;
    made.name = name(true);
    for (std::size_t n = below(4); n > 0; --n) {
      const std::size_t kind = below(3);
      Value value{static_cast<Value::Kind>(kind), kind == 2 ? name(false) : text(kind == 1), {}};
      made.arguments.push_back({name(true) + std::to_string(n), value, {}});
    }
    for (std::size_t n = below(3); n > 0; --n) {
      Body body;
      switch (below(3)) {
        case 0:
          body.value = std::vector<Node>{node(depth)};
          break;
        case 1:
          body.value = text(true);
          break;
        default: {
          Vector vector(1 + below(4));
          for (double& v : vector) v = std::normal_distribution<double>(0, below(2) == 0 ? 1 : 1e-9)(random_);
          body.value = std::move(vector);
        }
      }
      made.bodies.push_back(std::move(body));
    }
    return made;
  }

  Boolean group(int depth) {
    Boolean made;
    const std::size_t clauses = 1 + below(4);
    for (std::size_t i = 0; i < clauses; ++i) {
      const auto occur = static_cast<Occur>(clauses == 1 ? 1 + below(2) : below(3));
      made.clauses.push_back({occur, node(depth)});
    }
    return made;
  }

  std::mt19937 random_;
};

TEST(Printer, WritesFiftyThousandRandomTreesSoThatTheyReadBackEqual) {
  RandomTrees trees(5);
  for (int i = 0; i < 50'000; ++i) {
    const Node tree = trees.node(i % 4);
    const std::string canonical = print(tree);
    const ParseResult parsed = parse(canonical);
    ASSERT_TRUE(parsed.ok()) << canonical << ": " << parsed.diagnostics[0].message;
    ASSERT_TRUE(parsed.tree == tree) << canonical << " became " << print(parsed.tree);
  }
}

TEST(Equality, SeesEveryDifferenceInMeaningAndNoOther) {
  const char* texts[] = {"a",       "b",       "a^2",      "f:a",      "\"a\"",     "\"a\"~2",    "a*",
                         "a?b",     "a?c",     "a~0.5",    "a~0.6",    "[a TO b]",  "{a TO b}",   "[a TO c]",
                         "*:*",     "$a",      "$b",       "a b",      "+a b",      "a +b",       "a b c",
                         "{!a}",    "{!b}",    "{!a x=1}", "{!a x=2}", "{!a y=1}",  "{!a x=$p}",  "{!a x=p}",
                         "{!a}(a)", "{!a}(b)", "{!a}[1]",  "{!a}[2]",  "{!a}\"a\"", "{!a}(a)(b)", "-a"};
  for (const char* left : texts) {
    for (const char* right : texts) {
      EXPECT_EQ(parse(left).tree == parse(right).tree, left == right) << left << " and " << right;
    }
  }
  EXPECT_TRUE(parse("  a   AND\tb").tree == parse("+a +b").tree);
  EXPECT_TRUE(parse("{!a x='1'}").tree == parse("{!a x=1}").tree) << "quotes are a way to write a value";
}

}  // namespace
}  // namespace segue::query::syntax
