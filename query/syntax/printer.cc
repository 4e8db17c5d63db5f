#include <charconv>
#include <string>

#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"
#include "query/syntax/lexer.h"
#include "query/syntax/operator_head.h"
#include "query/syntax/parser.h"

namespace segue::query::syntax {
namespace {

/// The shortest decimals that read as the same double; the grammar's NUMBER has no exponent.
std::string number(double value, std::chars_format format) {
  char digits[400];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, format).ptr;
  return {digits, end};
}
std::string plain_number(double value) {
  return number(value, std::chars_format::fixed);
}

/// An end of a range: bare where no character could be misread.
std::string range_end(const std::string& text) {
  bool bare = !text.empty() && text != "TO";
  for (const char c : text) {
    const bool safe =
        is_name_char(c) || c == '*' || c == '/' || c == '+' || c == ':' || c == ',' || c == '@' || c == '$';
    bare = bare && safe;
  }
  return bare ? text : quote(text);
}

class Printer {
 public:
  /// A whole query, or what stands between the parentheses of a group: a group without field and boost needs
  /// no others.
  void query(const Node& node) {
    const Boolean* group = node.get_if<Boolean>();
    if (group && node.field.empty() && node.boost == 1) {
      clauses(*group);
    } else {
      this->node(node);
    }
  }

  std::string take() && { return std::move(out_); }

 private:
  void node(const Node& node) {
    if (!node.field.empty()) out_ += escape_term(node.field) + ':';
    std::visit([this](const auto& expression) { print(expression); }, node.expression);
    if (node.boost != 1) out_ += '^' + plain_number(node.boost);
  }

  void clauses(const Boolean& group) {
    bool first = true;
    for (const Clause& clause : group.clauses) {
      if (!first) out_ += ' ';
      first = false;
      if (clause.occur == Occur::kMust) out_ += '+';
      if (clause.occur == Occur::kMustNot) out_ += '-';
      node(clause.node);
    }
  }

  void print(const Boolean& group) {
    out_ += '(';
    clauses(group);
    out_ += ')';
  }
  void print(const Term& term) { out_ += escape_term(term.text); }
  void print(const Phrase& phrase) {
    out_ += quote(phrase.text);
    if (phrase.slop != 0) out_ += '~' + std::to_string(phrase.slop);
  }
  void print(const Prefix& prefix) { out_ += escape_prefix(prefix.text) + '*'; }
  void print(const Wildcard& wildcard) { out_ += escape_pattern(wildcard.pattern); }
  void print(const Fuzzy& fuzzy) { out_ += escape_term(fuzzy.text) + '~' + plain_number(fuzzy.similarity); }
  void print(const Range& range) {
    out_ += range.inclusive ? '[' : '{';
    out_ += range_end(range.low) + " TO " + range_end(range.high);
    out_ += range.inclusive ? ']' : '}';
  }
  void print(const MatchAll&) { out_ += "*:*"; }
  void print(const Param& param) { out_ += '$' + param.name; }
  /// Words come of binding a parameter, never of a text: the nearest that the grammar has is a group of
  /// terms.
  void print(const Words& words) {
    out_ += '(';
    std::size_t at = skip_space(words.text, 0);
    while (at < words.text.size()) {
      const std::size_t begin = at;
      while (at < words.text.size() && space_length(words.text, at) == 0) ++at;
      if (out_.back() != '(') out_ += ' ';
      out_ += escape_term(std::string_view(words.text).substr(begin, at - begin));
      at = skip_space(words.text, at);
    }
    out_ += ')';
  }

  void print(const Operator& op) {
    out_ += "{!" + op.name;
    for (const Argument& argument : op.arguments) out_ += ' ' + argument.key + '=' + value(argument.value);
    out_ += '}';
    for (const Body& body : op.bodies)
      std::visit([this](const auto& content) { this->body(content); }, body.value);
  }

  static std::string value(const Value& value) {
    if (value.kind == Value::Kind::kParam) return '$' + value.text;
    return is_bare_value(value.text) ? value.text : quote(value.text, '\'');
  }

  void body(const std::vector<Node>& content) {
    out_ += '(';
    for (const Node& node : content) query(node);
    out_ += ')';
  }
  void body(const Vector& content) {
    out_ += '[';
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (i > 0) out_ += ", ";
      out_ += number(content[i], std::chars_format::general);
    }
    out_ += ']';
  }
  void body(const std::string& content) { out_ += quote(content); }

  std::string out_;
};

}  // namespace

std::string print(const Node& node) {
  Printer printer;
  printer.query(node);
  return std::move(printer).take();
}

}  // namespace segue::query::syntax
