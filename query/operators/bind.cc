#include "query/operators/bind.h"

#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace segue::query {
namespace {

using syntax::Diagnostic;
using syntax::Node;

/// The longest beginning of `text` of at most `bytes` bytes that does not cut a UTF-8 character.
std::string cut(const std::string& text, std::size_t bytes) {
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

/// Words, and phrases where double quotes come in pairs; an odd one at the end is no syntax.
syntax::Node::Expression lenient(const std::string& text) {
  syntax::Boolean parts;
  const auto add = [&](syntax::Node::Expression expression) {
    Node node;
    node.expression = std::move(expression);
    parts.clauses.push_back({syntax::Occur::kShould, std::move(node)});
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find('"', at);
    const std::size_t close = open == std::string::npos ? std::string::npos : text.find('"', open + 1);
    if (close == std::string::npos) break;
    if (open > at) add(syntax::Words{text.substr(at, open - at)});
    add(syntax::Phrase{text.substr(open + 1, close - open - 1), 0});
    at = close + 1;
  }
  if (parts.clauses.empty()) return syntax::Words{text};
  if (at < text.size()) add(syntax::Words{text.substr(at)});
  return parts;
}

syntax::Node::Expression strict(const std::string& text, const std::string& name, const Limits& limits,
                                std::vector<Diagnostic>& diagnostics) {
  auto parsed = syntax::parse(text, {limits.bytes, limits.clauses, limits.depth, false});
  for (Diagnostic& diagnostic : parsed.diagnostics) {
    diagnostic.source = "$" + name;
    diagnostics.push_back(std::move(diagnostic));
  }
  syntax::Boolean group;
  group.clauses.push_back({syntax::Occur::kShould, std::move(parsed.tree)});
  return group;
}

syntax::Node::Expression bound_text(const std::string& text, const std::string& name, const Node& node,
                                    const Limits& limits, TextMode mode,
                                    std::vector<Diagnostic>& diagnostics) {
  if (mode == TextMode::kStrict) return strict(text, name, limits, diagnostics);
  if (text.size() <= limits.bytes) return lenient(text);
  diagnostics.push_back({Diagnostic::Severity::kWarning, node.range,
                         "$" + name + " has " + std::to_string(text.size()) + " bytes and was cut to " +
                             std::to_string(limits.bytes),
                         ""});
  return lenient(cut(text, limits.bytes));
}

syntax::Node::Expression bound_expression(const syntax::Param& param, const Node& node, const Params& params,
                                          const Limits& limits, TextMode mode,
                                          std::vector<Diagnostic>& diagnostics) {
  using Severity = Diagnostic::Severity;
  const auto found = params.find(param.name);
  if (found == params.end()) {
    diagnostics.push_back({Severity::kError, node.range, "no parameter is named $" + param.name,
                           "send it with the request, or write \\$" + param.name + " for the word itself"});
    return syntax::Boolean{};
  }
  if (const auto* text = std::get_if<std::string>(&found->second)) {
    return bound_text(*text, param.name, node, limits, mode, diagnostics);
  }
  if (const auto* number = std::get_if<double>(&found->second)) {
    std::ostringstream out;
    out << *number;
    return syntax::Term{out.str()};
  }
  if (const auto* truth = std::get_if<bool>(&found->second)) return syntax::Term{*truth ? "true" : "false"};
  const bool session = std::holds_alternative<std::vector<index::Event>>(found->second);
  diagnostics.push_back(
      {Severity::kError, node.range,
       "$" + param.name + " holds a " + (session ? "session" : "vector") + "; a clause needs text",
       session ? "write {!session ctx=$" + param.name + "}" : "write {!knn v=$" + param.name + "}"});
  return syntax::Boolean{};
}

void bind(Node& node, const Params& params, const Limits& limits, TextMode mode,
          std::vector<Diagnostic>& diagnostics) {
  if (auto* group = std::get_if<syntax::Boolean>(&node.expression)) {
    for (syntax::Clause& clause : group->clauses) bind(clause.node, params, limits, mode, diagnostics);
  } else if (auto* call = std::get_if<syntax::Operator>(&node.expression)) {
    for (syntax::Body& body : call->bodies) {
      if (auto* query = std::get_if<std::vector<Node>>(&body.value)) {
        for (Node& inner : *query) bind(inner, params, limits, mode, diagnostics);
      }
    }
  } else if (const auto* param = std::get_if<syntax::Param>(&node.expression)) {
    node.expression = bound_expression(syntax::Param(*param), node, params, limits, mode, diagnostics);
  }
}

}  // namespace

syntax::Node bind_params(syntax::Node tree, const Params& params, const Limits& limits,
                         std::vector<syntax::Diagnostic>& diagnostics, TextMode mode) {
  bind(tree, params, limits, mode, diagnostics);
  return tree;
}

}  // namespace segue::query
