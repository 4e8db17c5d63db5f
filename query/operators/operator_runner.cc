#include "query/operators/operator_runner.h"

#include <algorithm>
#include <map>
#include <utility>

#include "query/operators/bind.h"
#include "query/operators/knn_operator.h"
#include "query/operators/operator_table.h"
#include "query/operators/session_operator.h"

namespace segue::query {
namespace {

using syntax::Diagnostic;
using syntax::Node;

void collect(const Node& node, std::vector<const Node*>& found) {
  if (const auto* group = node.get_if<syntax::Boolean>()) {
    for (const syntax::Clause& clause : group->clauses) collect(clause.node, found);
  } else if (node.get_if<syntax::Operator>() != nullptr) {
    found.push_back(&node);
  }
}

/// A leg of a hybrid that is not an operator itself: text, perhaps with operators among its clauses.
std::optional<RunLeg> run_text_leg(const Node& body, const RunContext& context, std::size_t window) {
  RunLeg leg;
  leg.name = "text";
  leg.node = &body;
  leg.top_k = window;
  if (!run_operators(body, context, leg.parts)) return std::nullopt;
  for (const RunLeg& part : leg.parts) leg.operators[part.node] = part.as_clause();
  leg.items = context.text.search(body, leg.operators, &context.allowed, window).items;
  return leg;
}

std::optional<RunLeg> run_hybrid(const Node& node, const Arguments& arguments, const RunContext& context,
                                 std::size_t standard_top_k) {
  const auto& call = std::get<syntax::Operator>(node.expression);
  RunLeg hybrid;
  hybrid.name = "hybrid";
  hybrid.node = &node;
  hybrid.top_k =
      standard_top_k != 0 && !arguments.given("window") ? standard_top_k : arguments.count("window");
  const std::vector<double> weights = arguments.numbers("w");
  if (!weights.empty() && weights.size() != call.bodies.size()) {
    context.diagnostics.push_back({Diagnostic::Severity::kError, node.range,
                                   "`w` names " + std::to_string(weights.size()) + " weights for " +
                                       std::to_string(call.bodies.size()) + " legs",
                                   "give one weight for each body"});
    return std::nullopt;
  }

  std::vector<Leg> legs;
  std::map<std::string, int> names;
  for (const syntax::Body& body : call.bodies) {
    const Node& inner = std::get<std::vector<Node>>(body.value).front();
    auto part = inner.get_if<syntax::Operator>() != nullptr ? run_operator(inner, context, hybrid.top_k)
                                                            : run_text_leg(inner, context, hybrid.top_k);
    if (!part) return std::nullopt;
    if (const int count = ++names[part->name]; count > 1) part->name += "#" + std::to_string(count);
    Leg& leg = legs.emplace_back(part->name, part->items);
    if (leg.items.size() > hybrid.top_k) leg.items.resize(hybrid.top_k);
    hybrid.parts.push_back(std::move(*part));
  }
  hybrid.fused = reciprocal_rank_fusion(legs, weights, arguments.number("k"));
  if (hybrid.fused.size() > hybrid.top_k) hybrid.fused.resize(hybrid.top_k);
  for (const FusedItem& item : hybrid.fused) hybrid.items.push_back({item.item, item.score});
  return hybrid;
}

}  // namespace

std::vector<index::ScoredItem> RunLeg::as_clause() const {
  const std::vector<double> scores = clause_scores(items, top_k);
  std::vector<index::ScoredItem> clause(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) clause[i] = {items[i].item, scores[i]};
  std::sort(clause.begin(), clause.end(), [](const auto& a, const auto& b) { return a.item < b.item; });
  return clause;
}

std::vector<const Node*> outer_operators(const Node& tree) {
  std::vector<const Node*> found;
  collect(tree, found);
  return found;
}

std::optional<RunLeg> run_operator(const Node& node, const RunContext& context, std::size_t standard_top_k) {
  const auto arguments = resolve_arguments(node, context.params, context.limits, context.diagnostics);
  if (!arguments) return std::nullopt;
  const std::string& name = std::get<syntax::Operator>(node.expression).name;
  if (name == "session") return run_session(node, *arguments, context, standard_top_k);
  if (name == "knn") return run_knn(node, *arguments, context, standard_top_k);
  if (name == "hybrid") return run_hybrid(node, *arguments, context, standard_top_k);
  context.diagnostics.push_back({Diagnostic::Severity::kError, node.range,
                                 "{!" + name + "} stands only as the whole query",
                                 "send it as a query of its own"});
  return std::nullopt;
}

bool run_operators(const Node& tree, const RunContext& context, std::vector<RunLeg>& legs) {
  bool ok = true;
  for (const Node* node : outer_operators(tree)) {
    auto leg = run_operator(*node, context);
    ok = ok && leg.has_value();
    if (leg) legs.push_back(std::move(*leg));
  }
  return ok;
}

void append_hit_legs(const RunLeg& leg, index::ItemId item, double factor, std::vector<HitLeg>& out) {
  const auto found =
      std::find_if(leg.items.begin(), leg.items.end(), [&](const auto& s) { return s.item == item; });
  if (found == leg.items.end()) return;
  const std::size_t row = static_cast<std::size_t>(found - leg.items.begin());
  std::size_t rank = row + 1;
  while (rank > 1 && leg.items[rank - 2].score == found->score) --rank;
  const double score = 1 - static_cast<double>(rank - 1) / static_cast<double>(leg.top_k);
  out.push_back({leg.name, rank, found->score, factor * score});
  if (leg.fused.empty()) return;
  for (const LegShare& share : leg.fused[row].shares) {
    out.push_back({leg.parts[share.leg].name, share.rank, share.raw, share.score});
  }
}

void explain_leg(const RunLeg& leg, index::ItemId item, const RunContext& context, Explanation& out) {
  const auto held = std::find_if(leg.items.begin(), leg.items.end(),
                                 [&](const index::ScoredItem& scored) { return scored.item == item; });
  if (held == leg.items.end()) return;
  LegExplanation explanation;
  explanation.name = leg.name;
  if (leg.session) {
    explanation.source = leg.session->source_name();
    explanation.models = leg.session->shares(item);
    explanation.events = leg.session->event_shares(item);
    explanation.contexts = leg.session->context_shares(item);
    explanation.neighbours = leg.session->neighbours(item);
    if (leg.session->source() == SessionRanker::Source::kPopularity)
      explanation.half_life = index::to_string(context.snapshot.half_life());
    if (leg.session->diversifies()) {
      const index::ItemId items[] = {item};
      explanation.diversity = held->score - leg.session->score(items)[0];
    }
  } else if (leg.vectors != nullptr) {
    explanation.source = "vectors";
    if (leg.like != index::kNoItem) {
      const index::ItemId items[] = {item};
      double score = 0;
      leg.vectors->score(leg.vectors->vector(leg.like), items, {&score, 1});
      explanation.neighbours.push_back({leg.like, score, false});
    }
  } else if (leg.fused.empty() && leg.node->get_if<syntax::Operator>() == nullptr) {
    const index::ItemId items[] = {item};
    for (const ScoreBreakdown& breakdown : context.text.explain(*leg.node, leg.operators, items)) {
      for (const LeafScore& leaf : breakdown.leaves) {
        explanation.terms.insert(explanation.terms.end(), leaf.terms.begin(), leaf.terms.end());
      }
    }
  }
  out.legs.push_back(std::move(explanation));
  for (const RunLeg& part : leg.parts) explain_leg(part, item, context, out);
}

}  // namespace segue::query
