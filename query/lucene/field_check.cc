#include "query/lucene/field_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "query/lucene/expansion.h"

namespace segue::query {

using index::FieldType;
using syntax::Diagnostic;

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({substituted, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text.substr(0, 100)) + "'";
}

class FieldChecker {
 public:
  explicit FieldChecker(const index::TextIndex& index) : index_(index) {}

  void visit(const syntax::Node& node, std::string_view outer_field) {
    const std::string_view field = node.field.empty() ? outer_field : std::string_view(node.field);
    if (const auto* boolean = node.get_if<syntax::Boolean>()) {
      for (const syntax::Clause& clause : boolean->clauses) visit(clause.node, field);
    } else if (node.get_if<syntax::Operator>() == nullptr && node.get_if<syntax::MatchAll>() == nullptr) {
      check(node, field);
    }
  }

  std::vector<Diagnostic> take() { return std::move(found_); }

 private:
  void check(const syntax::Node& node, std::string_view field) {
    const FieldType* type = index_.field_type(field);
    if (type == nullptr) {
      unknown_field(node, field);
    } else if (*type == FieldType::kNumber) {
      if (const std::optional<std::string_view> bad = bad_number(node)) {
        error(node, "the field " + in_quotes(field) + " holds numbers; found " + in_quotes(*bad),
              "write a number, or a range such as [1 TO 9.5]");
      }
    } else if (*type == FieldType::kBoolean && !is_truth_value(node)) {
      error(node, "the field " + in_quotes(field) + " holds true or false", "write true or false");
    }
  }

  // The part of a clause that is no number.
  static std::optional<std::string_view> bad_number(const syntax::Node& node) {
    const auto bad = [](std::string_view text) { return !parse_number(text); };
    if (const auto* range = node.get_if<syntax::Range>()) {
      if (range->low != "*" && bad(range->low)) return range->low;
      if (range->high != "*" && bad(range->high)) return range->high;
      return std::nullopt;
    }
    const std::string_view text = value_text(node);
    const bool pattern =
        node.get_if<syntax::Prefix>() != nullptr || node.get_if<syntax::Wildcard>() != nullptr;
    if (pattern ? is_any(node) : !bad(text)) return std::nullopt;
    return text;
  }

  static bool is_truth_value(const syntax::Node& node) {
    const std::string_view text = value_text(node);
    const bool plain = node.get_if<syntax::Term>() != nullptr || node.get_if<syntax::Phrase>() != nullptr ||
                       node.get_if<syntax::Words>() != nullptr;
    return is_any(node) || (plain && (text == "true" || text == "false"));
  }

  // field:*
  static bool is_any(const syntax::Node& node) {
    if (const auto* prefix = node.get_if<syntax::Prefix>()) return prefix->text.empty();
    const auto* wildcard = node.get_if<syntax::Wildcard>();
    return wildcard != nullptr && wildcard->pattern == "*";
  }

  static std::string_view value_text(const syntax::Node& node) {
    if (const auto* term = node.get_if<syntax::Term>()) return term->text;
    if (const auto* phrase = node.get_if<syntax::Phrase>()) return phrase->text;
    if (const auto* words = node.get_if<syntax::Words>()) return words->text;
    if (const auto* prefix = node.get_if<syntax::Prefix>()) return prefix->text;
    if (const auto* wildcard = node.get_if<syntax::Wildcard>()) return wildcard->pattern;
    if (const auto* fuzzy = node.get_if<syntax::Fuzzy>()) return fuzzy->text;
    return {};
  }

  void unknown_field(const syntax::Node& node, std::string_view field) {
    const std::vector<std::string> known = index_.fields();
    const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
      return edit_distance(a, field.substr(0, 100)) < edit_distance(b, field.substr(0, 100));
    });
    const bool near = nearest != known.end() && edit_distance(*nearest, field.substr(0, 100)) <= 2;
    found_.push_back({Diagnostic::Severity::kWarning, node.range,
                      "no item has the field " + in_quotes(field) + ", so that this matches nothing",
                      near ? "did you mean " + in_quotes(*nearest) + "?" : ""});
  }

  void error(const syntax::Node& node, std::string message, std::string suggestion) {
    found_.push_back({Diagnostic::Severity::kError, node.range, std::move(message), std::move(suggestion)});
  }

  const index::TextIndex& index_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> check_fields(const syntax::Node& tree, const index::TextIndex& index) {
  FieldChecker checker(index);
  checker.visit(tree, index::kDefaultField);
  return checker.take();
}

}  // namespace segue::query
