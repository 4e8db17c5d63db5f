#include "query/syntax/parser.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "query/syntax/diagnostics.h"
#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"
#include "query/syntax/operator_head.h"
#include "query/syntax/ranges.h"
#include "query/syntax/suffixes.h"
#include "query/syntax/token_cursor.h"

namespace segue::query::syntax {
namespace {

/// The parser calls itself once per level of nesting; whatever the caller allows, the stack stays small.
constexpr std::size_t kDeepest = 256;

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits)
      : text_(text), limits_(limits), tokens_(text, limits.operators) {
    limits_.depth = std::min(limits_.depth, kDeepest);
  }

  ParseResult run() {
    ParseResult result;
    if (text_.size() > limits_.bytes) {
      diagnostics_.error({limits_.bytes, text_.size()},
                         "the query has " + std::to_string(text_.size()) + " bytes, more than the limit of " +
                             std::to_string(limits_.bytes),
                         "shorten it");
    } else {
      check_utf8(text_, diagnostics_);
      Boolean all = clauses(0);
      if (all.clauses.empty() && skip_space(text_, 0) == text_.size()) {
        diagnostics_.error({0, text_.size()}, "the query is empty", "write *:* to match everything");
      }
      result.tree = close_group(std::move(all), {}, std::nullopt);
    }
    result.tree.range = {0, text_.size()};
    result.diagnostics = std::move(diagnostics_).take();
    return result;
  }

 private:
  std::string current() const { return describe(tokens_.current(), text_); }

  /// Drops the rest of the query, about which a limit has been reported.
  void stop() {
    stopped_ = true;
    tokens_.resume_at(text_.size());
  }

  // Clauses

  /// Clauses up to a closing parenthesis, which stays, or the end; at depth 0 up to the end.
  Boolean clauses(std::size_t depth) {
    Boolean group;
    while (!tokens_.at(TokenKind::kEnd)) {
      if (tokens_.at(TokenKind::kClose)) {
        if (depth > 0) break;
        diagnostics_.error(tokens_.current().range, "no parenthesis is open here",
                           "write \\) for the character");
        tokens_.advance();
        continue;
      }
      const std::optional<Token> conjunction = take_conjunction(group.clauses.empty());
      const std::optional<Token> modifier = take_modifier();
      if (tokens_.at(TokenKind::kEnd) || tokens_.at(TokenKind::kClose)) {
        report_missing_clause(modifier ? modifier : conjunction);
        continue;
      }
      std::optional<Node> node = clause(depth);
      if (node) add_clause(group, conjunction, modifier, std::move(*node));
    }
    return group;
  }

  /// A refused connective has been reported already, and what a limit cut off does not count.
  void report_missing_clause(const std::optional<Token>& last) {
    if (!last || stopped_) return;
    diagnostics_.error(last->range,
                       "expected a clause after " + describe(*last, text_) + ", found " + current(),
                       escape_hint(*last, text_));
  }

  std::optional<Token> take_conjunction(bool first) {
    std::optional<Token> found;
    while (tokens_.at(TokenKind::kAnd) || tokens_.at(TokenKind::kOr)) {
      if (found || first) {
        diagnostics_.error(
            tokens_.current().range,
            "expected a clause before " + current() + (found ? ", found another connective" : ""),
            escape_hint(tokens_.current(), text_));
      } else {
        found = tokens_.current();
      }
      tokens_.advance();
    }
    return found;
  }

  std::optional<Token> take_modifier() {
    std::optional<Token> found;
    while (tokens_.at(TokenKind::kPlus) || tokens_.at(TokenKind::kMinus) || tokens_.at(TokenKind::kNot)) {
      if (found) {
        diagnostics_.error(tokens_.current().range,
                           "a clause takes one of + - ! NOT, found " + current() + " as well",
                           "leave one out, or " + escape_hint(tokens_.current(), text_));
      } else {
        found = tokens_.current();
      }
      tokens_.advance();
    }
    return found;
  }

  /// Lucene 3.0's addClause with OR as the default operator.
  void add_clause(Boolean& group, const std::optional<Token>& conjunction,
                  const std::optional<Token>& modifier, Node node) {
    if (stopped_) return;
    if (++clause_count_ > limits_.clauses) {
      diagnostics_.error({node.range.begin, text_.size()},
                         "the query has more clauses than the limit of " + std::to_string(limits_.clauses),
                         "leave out what stands from here on");
      stop();
      return;
    }
    const bool joined = conjunction && conjunction->kind == TokenKind::kAnd;
    if (joined && !group.clauses.empty() && group.clauses.back().occur == Occur::kShould) {
      group.clauses.back().occur = Occur::kMust;
    }
    Occur occur = joined ? Occur::kMust : Occur::kShould;
    if (modifier) occur = modifier->kind == TokenKind::kPlus ? Occur::kMust : Occur::kMustNot;
    group.clauses.push_back({occur, std::move(node)});
  }

  /// One expression with its field and boost. Without a value something was reported and taken from the text.
  std::optional<Node> clause(std::size_t depth) {
    const Token first = tokens_.current();
    std::string field;
    std::optional<Node> node;
    if (tokens_.at(TokenKind::kStar) && tokens_.at_colon()) {
      tokens_.advance(), tokens_.advance();
      if (tokens_.at(TokenKind::kStar)) {
        tokens_.advance();
        const Suffixes tail = read_suffixes(tokens_, Tail::kWord, diagnostics_);
        warn_of_idle_tilde(tail);
        node = finish(MatchAll{}, tail);
      } else {
        diagnostics_.error({first.range.begin, tokens_.end()}, "* is not a field",
                           "name a field, or write *:* to match everything");
        node = expression({}, depth);
      }
    } else {
      if (tokens_.at(TokenKind::kTerm) && tokens_.at_colon()) {
        refuse_parameter_name(tokens_.current(), "a field");
        field = unescape(text_, tokens_.current().range, diagnostics_);
        tokens_.advance(), tokens_.advance();
      }
      node = expression(std::move(field), depth);
    }
    if (node) node->range = {first.range.begin, tokens_.end()};
    return node;
  }

  std::optional<Node> expression(std::string field, std::size_t depth) {
    const Token token = tokens_.current();
    switch (token.kind) {
      case TokenKind::kTerm:
      case TokenKind::kPrefix:
      case TokenKind::kWildcard:
      case TokenKind::kStar:
        tokens_.advance();
        return word(token, std::move(field));
      case TokenKind::kQuoted:
        tokens_.advance();
        return phrase(token, std::move(field));
      case TokenKind::kParam: {
        tokens_.advance();
        Param param{
            std::string(text_.substr(token.range.begin + 1, token.range.end - token.range.begin - 1))};
        return finish(std::move(param), read_suffixes(tokens_, Tail::kOther, diagnostics_), std::move(field));
      }
      case TokenKind::kInclusiveRange:
      case TokenKind::kExclusiveRange: {
        RangeReading reading = read_range(text_, token.range.begin, diagnostics_);
        tokens_.resume_at(reading.end);
        const Suffixes tail = read_suffixes(tokens_, Tail::kOther, diagnostics_);
        if (!reading.understood) return std::nullopt;
        return finish(std::move(reading.range), tail, std::move(field));
      }
      case TokenKind::kOpen:
        return group(std::move(field), depth);
      case TokenKind::kOperator:
        return operation(field, depth);
      default:
        break;
    }
    diagnostics_.error(token.range,
                       "expected a term, a phrase, a range, a group or an operator, found " + current(),
                       escape_hint(token, text_));
    if (!tokens_.at(TokenKind::kClose)) tokens_.advance();
    return std::nullopt;
  }

  // Leaves

  Node finish(Node::Expression value, const Suffixes& tail, std::string field = {}) {
    return {std::move(value), std::move(field), tail.boost.value_or(1), {}};
  }

  Node word(const Token& token, std::string field) {
    refuse_parameter_name(token, "a term");
    const Suffixes tail = read_suffixes(tokens_, Tail::kWord, diagnostics_);
    if (token.kind == TokenKind::kTerm) {
      std::string text = unescape(text_, token.range, diagnostics_);
      if (!tail.tilde) return finish(Term{std::move(text)}, tail, std::move(field));
      double similarity = tail.tilde->number.value_or(Fuzzy{}.similarity);
      if (!(similarity < 1)) {
        diagnostics_.error(tail.tilde->range,
                           "the least similarity of a fuzzy term is at least 0 and below 1",
                           "write ~0.7; the number of edits is no measure here");
        similarity = Fuzzy{}.similarity;
      }
      return finish(Fuzzy{std::move(text), similarity}, tail, std::move(field));
    }
    warn_of_idle_tilde(tail);
    if (token.kind == TokenKind::kPrefix) {
      const TextRange range{token.range.begin, token.range.end - 1};
      return finish(Prefix{unescape(text_, range, diagnostics_)}, tail, std::move(field));
    }
    const char begin = text_[token.range.begin];
    if (begin == '*' || begin == '?') {
      diagnostics_.error({token.range.begin, token.range.begin + 1}, "a pattern may not begin with * or ?",
                         std::string("put a letter before it, or write \\") + begin + " for the character" +
                             (field.empty() ? "" : "; [* TO *] finds all that have the field"));
    }
    return finish(Wildcard{unescape_pattern(text_, token.range, diagnostics_)}, tail, std::move(field));
  }

  void warn_of_idle_tilde(const Suffixes& tail) {
    if (tail.tilde) diagnostics_.warning(tail.tilde->range, "~ has no effect on a pattern", "leave it out");
  }

  Node phrase(const Token& token, std::string field) {
    Phrase value{quoted_text(token), 0};
    const Suffixes tail = read_suffixes(tokens_, Tail::kPhrase, diagnostics_);
    if (tail.tilde) {
      const double slop = tail.tilde->number.value_or(0);
      value.slop = static_cast<int>(std::min(slop, double{std::numeric_limits<int>::max()}));
    }
    return finish(std::move(value), tail, std::move(field));
  }

  std::string quoted_text(const Token& token) {
    if (!token.closed) {
      diagnostics_.error({token.range.begin, token.range.begin + 1},
                         "the quote that opens here is not closed",
                         "close it, or write \\\" for the character");
    }
    return unescape(text_, {token.range.begin + 1, token.range.end - (token.closed ? 1 : 0)}, diagnostics_);
  }

  /// A word that begins as a parameter does but is none may be a slip: it must say which.
  void refuse_parameter_name(const Token& token, std::string_view what) {
    if (!limits_.operators || !starts_parameter(text_, token.range.begin)) return;
    diagnostics_.error(token.range,
                       "$ and a letter begin the name of a parameter, which " + std::string(what) + " like " +
                           describe(token, text_) + " is not",
                       "write \\$ for the character, or set the parameter apart by a blank");
  }

  // Groups and operators

  std::optional<Node> group(std::string field, std::size_t depth) {
    std::optional<Boolean> inside = parenthesised(depth);
    const Suffixes tail = read_suffixes(tokens_, Tail::kOther, diagnostics_);
    if (!inside) return std::nullopt;
    return close_group(std::move(*inside), std::move(field), tail.boost);
  }

  /// ( clauses ), from the opening parenthesis to behind the closing one.
  std::optional<Boolean> parenthesised(std::size_t depth) {
    const TextRange open = tokens_.current().range;
    if (depth >= limits_.depth) {
      diagnostics_.error(open,
                         "the query is nested deeper than the limit of " + std::to_string(limits_.depth),
                         "write it with fewer parentheses");
      skip_parenthesised();
      return std::nullopt;
    }
    tokens_.advance();
    Boolean inside = clauses(depth + 1);
    if (tokens_.at(TokenKind::kClose)) {
      if (inside.clauses.empty() && tokens_.end() == open.end && !stopped_) {
        diagnostics_.error({open.begin, tokens_.current().range.end},
                           "expected a clause between the parentheses",
                           "leave them out, or write \\( and \\) for the characters");
      }
      tokens_.advance();
    } else if (!stopped_) {
      diagnostics_.error(open, "the parenthesis that opens here is not closed",
                         "close it, or write \\( for the character");
    }
    return inside;
  }

  void skip_parenthesised() {
    std::size_t open = 0;
    do {
      if (tokens_.at(TokenKind::kOpen)) ++open;
      if (tokens_.at(TokenKind::kClose)) --open;
      tokens_.advance();
    } while (open > 0 && !tokens_.at(TokenKind::kEnd));
  }

  /// A group of one optional clause is that clause, as in Lucene: its own field stays, the group's boost
  /// replaces its own.
  static Node close_group(Boolean group, std::string field, std::optional<double> boost) {
    if (group.clauses.size() != 1 || group.clauses[0].occur != Occur::kShould) {
      return {std::move(group), std::move(field), boost.value_or(1), {}};
    }
    Node node = std::move(group.clauses[0].node);
    const bool takes_field = !node.get_if<MatchAll>() && !node.get_if<Operator>();
    if (takes_field && node.field.empty()) node.field = std::move(field);
    if (boost) node.boost = *boost;
    return node;
  }

  std::optional<Node> operation(const std::string& field, std::size_t depth) {
    const Token open = tokens_.current();
    OperatorHead head = read_operator_head(text_, open.range.begin, diagnostics_);
    tokens_.resume_at(head.end);
    if (!limits_.operators) {
      diagnostics_.error({open.range.begin, head.end}, "operators are not allowed in this query",
                         "write \\{\\! for the characters");
    }
    if (!field.empty()) {
      diagnostics_.error(open.range, "an operator takes no field",
                         "name fields in the queries of its bodies");
    }
    while (tokens_.current().range.begin == tokens_.end()) {
      Body body;
      body.range.begin = tokens_.end();
      if (tokens_.at(TokenKind::kOpen)) {
        std::optional<Boolean> inside = parenthesised(depth);
        Node query = close_group(inside ? std::move(*inside) : Boolean{}, {}, std::nullopt);
        query.range = {body.range.begin, tokens_.end()};
        body.value = std::vector<Node>{std::move(query)};
      } else if (tokens_.at(TokenKind::kInclusiveRange)) {
        VectorReading vector = read_vector(text_, tokens_.end(), diagnostics_);
        tokens_.resume_at(vector.end);
        body.value = std::move(vector.values);
      } else if (tokens_.at(TokenKind::kQuoted)) {
        const Token quoted = tokens_.current();
        tokens_.advance();
        body.value = quoted_text(quoted);
      } else {
        break;
      }
      body.range.end = tokens_.end();
      head.value.bodies.push_back(std::move(body));
    }
    const Suffixes tail = read_suffixes(tokens_, Tail::kOther, diagnostics_);
    if (!limits_.operators) return std::nullopt;
    return finish(std::move(head.value), tail);
  }

  std::string_view text_;
  ParseLimits limits_;
  TokenCursor tokens_;
  Diagnostics diagnostics_;
  std::size_t clause_count_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::vector<Diagnostic> check_text(std::string_view text) {
  Diagnostics diagnostics;
  check_utf8(text, diagnostics);
  return std::move(diagnostics).take();
}

bool ParseResult::ok() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

ParseResult parse(std::string_view text, const ParseLimits& limits) {
  return Parser(text, limits).run();
}

}  // namespace segue::query::syntax
