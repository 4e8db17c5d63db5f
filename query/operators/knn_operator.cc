#include "query/operators/knn_operator.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "query/operators/bind.h"
#include "query/syntax/parser.h"

namespace segue::query {
namespace {

using syntax::Diagnostic;

void error(const RunContext& context, const syntax::Node& node, std::string message,
           std::string suggestion = {}) {
  context.diagnostics.push_back(
      {Diagnostic::Severity::kError, node.range, std::move(message), std::move(suggestion)});
}

/// The query vector, empty after an error.
std::vector<float> query_vector(const syntax::Node& node, const Arguments& arguments,
                                const RunContext& context, const index::VectorIndex& vectors,
                                index::ItemId& like) {
  const auto& call = std::get<syntax::Operator>(node.expression);
  const std::vector<double>* bound = arguments.vector("v");
  const std::string id = arguments.text("like");
  if ((id.empty() ? 0 : 1) + (bound != nullptr ? 1 : 0) + static_cast<int>(call.bodies.size()) != 1) {
    error(context, node, "{!knn} needs exactly one of `like`, `v` and a body of numbers",
          "for example {!knn like=ID} or {!knn f=content}[0.1, 0.2]");
    return {};
  }
  if (!id.empty()) {
    like = context.snapshot.catalogue().find(id);
    if (like == index::kNoItem) {
      error(context, node, "no item has the id `" + id + "`", "ids are compared byte by byte");
    } else if (!vectors.contains(like)) {
      error(context, node, "the item `" + id + "` has no vector of `" + arguments.text("f") + "`",
            "what nobody has touched may have no learned vector; f=words uses what items say");
    } else {
      return vectors.vector(like);
    }
    return {};
  }
  const std::vector<double>& values =
      bound != nullptr ? *bound : std::get<syntax::Vector>(call.bodies[0].value);
  if (values.size() != vectors.dimension()) {
    error(context, node,
          "the vector has " + std::to_string(values.size()) + " numbers; those of `" + arguments.text("f") +
              "` have " + std::to_string(vectors.dimension()));
    return {};
  }
  return {values.begin(), values.end()};
}

/// Narrows allowed to the matches of preFilter. False after an error.
bool apply_prefilter(const Arguments& arguments, const RunContext& context, index::ItemSet& allowed) {
  const std::string text = arguments.text("preFilter");
  if (text.empty()) return true;
  auto parsed =
      syntax::parse(text, {context.limits.bytes, context.limits.clauses, context.limits.depth, true});
  if (!parsed.ok()) {
    for (Diagnostic& diagnostic : parsed.diagnostics) {
      diagnostic.source = "preFilter";
      context.diagnostics.push_back(std::move(diagnostic));
    }
    return false;
  }
  const syntax::Node filter =
      bind_params(std::move(parsed.tree), context.params, context.limits, context.diagnostics);
  OperatorScores scores;
  std::vector<RunLeg> legs;
  if (!run_operators(filter, context, legs)) return false;
  for (const RunLeg& leg : legs) scores[leg.node] = leg.as_clause();
  allowed.intersect(context.text.matches(filter, scores));
  return true;
}

}  // namespace

std::optional<RunLeg> run_knn(const syntax::Node& node, const Arguments& arguments, const RunContext& context,
                              std::size_t standard_top_k) {
  const index::VectorIndex* vectors = context.snapshot.vectors(arguments.text("f"));
  if (vectors == nullptr) {
    std::string spaces;
    for (const std::string& space : context.snapshot.vector_spaces())
      spaces.append(spaces.empty() ? "it has " : ", ").append(space);
    error(context, node, "this snapshot has no vectors of `" + arguments.text("f") + "`",
          spaces + (spaces.empty() ? "" : "; ") +
              "events make `transformer` and `mf`, titles and texts `words`, a `vector` of items `content`");
    return std::nullopt;
  }
  RunLeg leg;
  leg.name = "knn";
  leg.node = &node;
  leg.vectors = vectors;
  leg.top_k = standard_top_k != 0 && !arguments.given("topK") ? standard_top_k : arguments.count("topK");
  const std::vector<float> query = query_vector(node, arguments, context, *vectors, leg.like);
  if (query.empty()) return std::nullopt;

  index::ItemSet allowed = context.allowed;
  if (!apply_prefilter(arguments, context, allowed)) return std::nullopt;
  if (leg.like != index::kNoItem) allowed.erase(leg.like);
  leg.items = vectors->search(query, leg.top_k, &allowed);
  if (arguments.given("minReturn")) {
    const double least = arguments.number("minReturn");
    std::erase_if(leg.items, [&](const index::ScoredItem& item) { return item.score < least; });
  }
  return leg;
}

}  // namespace segue::query
