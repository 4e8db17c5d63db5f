#include "query/syntax/parser.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "query/syntax/diagnostics.h"
#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"
#include "query/syntax/lexer.h"
#include "query/syntax/operator_head.h"
#include "query/syntax/ranges.h"

namespace segue::query::syntax {
namespace {

/// The parser calls itself once per level of nesting; whatever the caller allows, the stack stays small.
constexpr std::size_t kDeepest = 256;

/// How a token is named in a message.
std::string describe(const Token& token, std::string_view text) {
  if (token.kind == TokenKind::kEnd) return "the end of the query";
  constexpr std::size_t kLongest = 24;
  std::string shown;
  std::size_t at = token.range.begin;
  while (at < token.range.end && shown.size() < kLongest) {
    shown += is_character(text, at) ? text.substr(at, character_length(text, at))
                                    : std::string_view("\xef\xbf\xbd");
    at += character_length(text, at);
  }
  return "`" + shown + (at < token.range.end ? "...`" : "`");
}

/// How to search for the characters of a token that stands where it means nothing.
std::string escape_hint(const Token& token, std::string_view text) {
  if (token.kind == TokenKind::kEnd) return "complete the query, or leave its last part out";
  const bool connective =
      token.kind == TokenKind::kAnd || token.kind == TokenKind::kOr || token.kind == TokenKind::kNot;
  const std::size_t length = connective ? token.range.end - token.range.begin : 1;
  return "write \\" + std::string(text.substr(token.range.begin, length)) + " to search for it";
}

/// What may follow an expression: word~0.7^2~0.7, "phrase"~3^2, anything else^2.
enum class Tail { kWord, kPhrase, kOther };

struct Suffixes {
  std::optional<Token> tilde;
  std::optional<double> boost;
};

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits)
      : text_(text), limits_(limits), lexer_(text, limits.operators) {
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
      advance();
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
  // Tokens

  void advance() {
    end_ = current_.range.end;
    current_ = lexer_.next();
  }
  void resume_at(std::size_t position) {
    lexer_.seek(position);
    current_ = lexer_.next();
    end_ = position;
  }
  bool at(TokenKind kind) const { return current_.kind == kind; }
  std::string current() const { return describe(current_, text_); }

  /// Drops the rest of the query, about which a limit has been reported.
  void stop() {
    stopped_ = true;
    resume_at(text_.size());
  }

  // Clauses

  /// Clauses up to a closing parenthesis, which stays, or the end; at depth 0 up to the end.
  Boolean clauses(std::size_t depth) {
    Boolean group;
    while (!at(TokenKind::kEnd)) {
      if (at(TokenKind::kClose)) {
        if (depth > 0) break;
        diagnostics_.error(current_.range, "no parenthesis is open here", "write \\) for the character");
        advance();
        continue;
      }
      const std::optional<Token> conjunction = take_conjunction(group.clauses.empty());
      const std::optional<Token> modifier = take_modifier();
      if (at(TokenKind::kEnd) || at(TokenKind::kClose)) {
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
    while (at(TokenKind::kAnd) || at(TokenKind::kOr)) {
      if (found || first) {
        diagnostics_.error(
            current_.range,
            "expected a clause before " + current() + (found ? ", found another connective" : ""),
            escape_hint(current_, text_));
      } else {
        found = current_;
      }
      advance();
    }
    return found;
  }

  std::optional<Token> take_modifier() {
    std::optional<Token> found;
    while (at(TokenKind::kPlus) || at(TokenKind::kMinus) || at(TokenKind::kNot)) {
      if (found) {
        diagnostics_.error(current_.range, "a clause takes one of + - ! NOT, found " + current() + " as well",
                           "leave one out, or " + escape_hint(current_, text_));
      } else {
        found = current_;
      }
      advance();
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
    const Token first = current_;
    std::string field;
    std::optional<Node> node;
    if (at(TokenKind::kStar) && lexer_.at_colon()) {
      advance(), advance();
      if (at(TokenKind::kStar)) {
        advance();
        const Suffixes tail = suffixes(Tail::kWord);
        warn_of_idle_tilde(tail);
        node = finish(MatchAll{}, tail);
      } else {
        diagnostics_.error({first.range.begin, end_}, "* is not a field",
                           "name a field, or write *:* to match everything");
        node = expression({}, depth);
      }
    } else {
      if (at(TokenKind::kTerm) && lexer_.at_colon()) {
        refuse_parameter_name(current_, "a field");
        field = unescape(text_, current_.range, diagnostics_);
        advance(), advance();
      }
      node = expression(std::move(field), depth);
    }
    if (node) node->range = {first.range.begin, end_};
    return node;
  }

  std::optional<Node> expression(std::string field, std::size_t depth) {
    const Token token = current_;
    switch (token.kind) {
      case TokenKind::kTerm:
      case TokenKind::kPrefix:
      case TokenKind::kWildcard:
      case TokenKind::kStar:
        advance();
        return word(token, std::move(field));
      case TokenKind::kQuoted:
        advance();
        return phrase(token, std::move(field));
      case TokenKind::kParam: {
        advance();
        Param param{
            std::string(text_.substr(token.range.begin + 1, token.range.end - token.range.begin - 1))};
        return finish(std::move(param), suffixes(Tail::kOther), std::move(field));
      }
      case TokenKind::kInclusiveRange:
      case TokenKind::kExclusiveRange: {
        RangeReading reading = read_range(text_, token.range.begin, diagnostics_);
        resume_at(reading.end);
        const Suffixes tail = suffixes(Tail::kOther);
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
    if (!at(TokenKind::kClose)) advance();
    return std::nullopt;
  }

  // Leaves

  Node finish(Node::Expression value, const Suffixes& tail, std::string field = {}) {
    return {std::move(value), std::move(field), tail.boost.value_or(1), {}};
  }

  Node word(const Token& token, std::string field) {
    refuse_parameter_name(token, "a term");
    const Suffixes tail = suffixes(Tail::kWord);
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
    if (!token.closed) {
      diagnostics_.error({token.range.begin, token.range.begin + 1},
                         "the quote that opens here is not closed",
                         "close it, or write \\\" for the character");
    }
    const TextRange inside{token.range.begin + 1, token.range.end - (token.closed ? 1 : 0)};
    Phrase value{unescape(text_, inside, diagnostics_), 0};
    const Suffixes tail = suffixes(Tail::kPhrase);
    if (tail.tilde) {
      const double slop = tail.tilde->number.value_or(0);
      value.slop = static_cast<int>(std::min(slop, double{std::numeric_limits<int>::max()}));
    }
    return finish(std::move(value), tail, std::move(field));
  }

  /// A word that begins as a parameter does but is none may be a slip: it must say which.
  void refuse_parameter_name(const Token& token, std::string_view what) {
    if (!limits_.operators || !starts_parameter(text_, token.range.begin)) return;
    diagnostics_.error(token.range,
                       "$ and a letter begin the name of a parameter, which " + std::string(what) + " like " +
                           describe(token, text_) + " is not",
                       "write \\$ for the character, or set the parameter apart by a blank");
  }

  Suffixes suffixes(Tail tail) {
    Suffixes found;
    bool tilde_since_boost = false;
    for (; at(TokenKind::kTilde) || at(TokenKind::kBoost); advance()) {
      if (at(TokenKind::kBoost)) {
        take_boost(found);
        tilde_since_boost = false;
      } else if (tail == Tail::kOther) {
        diagnostics_.error(current_.range, "~ follows a term or a phrase only", "leave it out, or write \\~");
      } else if (tilde_since_boost || (tail == Tail::kPhrase && found.tilde)) {
        diagnostics_.error(current_.range, "expected one ~, found a second", "leave one out");
      } else {
        if (tail == Tail::kPhrase && found.boost) {
          diagnostics_.error(current_.range, "the slop of a phrase stands before its boost",
                             "write \"...\"~3^2");
        }
        found.tilde = current_;
        tilde_since_boost = true;
      }
    }
    return found;
  }

  void take_boost(Suffixes& found) {
    const std::optional<double>& number = current_.number;
    if (found.boost) {
      diagnostics_.error(current_.range, "expected one boost, found a second", "leave one out");
    } else if (!number) {
      diagnostics_.error(current_.range, "expected a number right after ^",
                         "write ^2 or ^0.5 without a blank or a sign, or \\^ for the character");
    } else if (!std::isfinite(*number)) {
      diagnostics_.error(current_.range, "the boost is out of range", "write a smaller number");
    } else {
      found.boost = *number;
    }
  }

  // Groups and operators

  std::optional<Node> group(std::string field, std::size_t depth) {
    std::optional<Boolean> inside = parenthesised(depth);
    const Suffixes tail = suffixes(Tail::kOther);
    if (!inside) return std::nullopt;
    return close_group(std::move(*inside), std::move(field), tail.boost);
  }

  /// ( clauses ), from the opening parenthesis to behind the closing one.
  std::optional<Boolean> parenthesised(std::size_t depth) {
    const TextRange open = current_.range;
    if (depth >= limits_.depth) {
      diagnostics_.error(open,
                         "the query is nested deeper than the limit of " + std::to_string(limits_.depth),
                         "write it with fewer parentheses");
      skip_parenthesised();
      return std::nullopt;
    }
    advance();
    Boolean inside = clauses(depth + 1);
    if (at(TokenKind::kClose)) {
      if (inside.clauses.empty() && end_ == open.end && !stopped_) {
        diagnostics_.error({open.begin, current_.range.end}, "expected a clause between the parentheses",
                           "leave them out, or write \\( and \\) for the characters");
      }
      advance();
    } else if (!stopped_) {
      diagnostics_.error(open, "the parenthesis that opens here is not closed",
                         "close it, or write \\( for the character");
    }
    return inside;
  }

  void skip_parenthesised() {
    std::size_t open = 0;
    do {
      if (at(TokenKind::kOpen)) ++open;
      if (at(TokenKind::kClose)) --open;
      advance();
    } while (open > 0 && !at(TokenKind::kEnd));
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
    const Token open = current_;
    OperatorHead head = read_operator_head(text_, open.range.begin, diagnostics_);
    resume_at(head.end);
    if (!limits_.operators) {
      diagnostics_.error({open.range.begin, head.end}, "operators are not allowed in this query",
                         "write \\{\\! for the characters");
    }
    if (!field.empty()) {
      diagnostics_.error(open.range, "an operator takes no field",
                         "name fields in the queries of its bodies");
    }
    while (current_.range.begin == end_) {
      Body body;
      body.range.begin = end_;
      if (at(TokenKind::kOpen)) {
        std::optional<Boolean> inside = parenthesised(depth);
        Node query = close_group(inside ? std::move(*inside) : Boolean{}, {}, std::nullopt);
        query.range = {body.range.begin, end_};
        body.value = std::vector<Node>{std::move(query)};
      } else if (at(TokenKind::kInclusiveRange)) {
        VectorReading vector = read_vector(text_, end_, diagnostics_);
        resume_at(vector.end);
        body.value = std::move(vector.values);
      } else if (at(TokenKind::kQuoted)) {
        const Token quoted = current_;
        advance();
        body.value = quoted_body(quoted);
      } else {
        break;
      }
      body.range.end = end_;
      head.value.bodies.push_back(std::move(body));
    }
    const Suffixes tail = suffixes(Tail::kOther);
    if (!limits_.operators) return std::nullopt;
    return finish(std::move(head.value), tail);
  }

  std::string quoted_body(const Token& token) {
    if (!token.closed) {
      diagnostics_.error({token.range.begin, token.range.begin + 1},
                         "the quote that opens here is not closed", "close it");
    }
    return unescape(text_, {token.range.begin + 1, token.range.end - (token.closed ? 1 : 0)}, diagnostics_);
  }

  std::string_view text_;
  ParseLimits limits_;
  Lexer lexer_;
  Diagnostics diagnostics_;
  Token current_;
  std::size_t end_ = 0;  ///< behind the last token that was taken
  std::size_t clause_count_ = 0;
  bool stopped_ = false;
};

}  // namespace

bool ParseResult::ok() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

ParseResult parse(std::string_view text, const ParseLimits& limits) {
  return Parser(text, limits).run();
}

}  // namespace segue::query::syntax
