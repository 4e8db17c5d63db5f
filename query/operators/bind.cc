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

syntax::Node::Expression bound_expression(const syntax::Param& param, const Node& node, const Params& params,
                                          const Limits& limits, std::vector<Diagnostic>& diagnostics) {
  using Severity = Diagnostic::Severity;
  const auto found = params.find(param.name);
  if (found == params.end()) {
    diagnostics.push_back({Severity::kError, node.range, "no parameter is named $" + param.name,
                           "send it with the request, or write \\$" + param.name + " for the word itself"});
    return syntax::Boolean{};
  }
  if (const auto* text = std::get_if<std::string>(&found->second)) {
    if (text->size() <= limits.bytes) return syntax::Words{*text};
    diagnostics.push_back({Severity::kWarning, node.range,
                           "$" + param.name + " has " + std::to_string(text->size()) +
                               " bytes and was cut to " + std::to_string(limits.bytes),
                           ""});
    return syntax::Words{cut(*text, limits.bytes)};
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

void bind(Node& node, const Params& params, const Limits& limits, std::vector<Diagnostic>& diagnostics) {
  if (auto* group = std::get_if<syntax::Boolean>(&node.expression)) {
    for (syntax::Clause& clause : group->clauses) bind(clause.node, params, limits, diagnostics);
  } else if (auto* call = std::get_if<syntax::Operator>(&node.expression)) {
    for (syntax::Body& body : call->bodies) {
      if (auto* query = std::get_if<std::vector<Node>>(&body.value)) {
        for (Node& inner : *query) bind(inner, params, limits, diagnostics);
      }
    }
  } else if (const auto* param = std::get_if<syntax::Param>(&node.expression)) {
    node.expression = bound_expression(syntax::Param(*param), node, params, limits, diagnostics);
  }
}

}  // namespace

syntax::Node bind_params(syntax::Node tree, const Params& params, const Limits& limits,
                         std::vector<syntax::Diagnostic>& diagnostics) {
  bind(tree, params, limits, diagnostics);
  return tree;
}

}  // namespace segue::query
