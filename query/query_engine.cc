#include "query/query_engine.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "index/nearest_name.h"
#include "query/facets.h"
#include "query/operators/bind.h"
#include "query/operators/operator_table.h"
#include "query/query_engine_impl.h"
#include "query/syntax/parser.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::ItemSet;
using index::ScoredItem;
using syntax::Diagnostic;
using syntax::Node;

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

/// Whether a query says itself which kinds it wants.
bool names_kind(const Node& node) {
  if (node.field == index::kKindField) return true;
  const auto* group = node.get_if<syntax::Boolean>();
  return group != nullptr &&
         std::any_of(group->clauses.begin(), group->clauses.end(),
                     [](const syntax::Clause& clause) { return names_kind(clause.node); });
}

/// The product of the boosts around a node of the tree, its own included; 0 when it is not in the tree.
double boost_of(const Node& tree, const Node* wanted) {
  if (&tree == wanted) return tree.boost;
  if (const auto* group = tree.get_if<syntax::Boolean>()) {
    for (const syntax::Clause& clause : group->clauses) {
      if (const double inner = boost_of(clause.node, wanted); inner != 0) return tree.boost * inner;
    }
  }
  return 0;
}

/// Whether the catalogue can be sorted or counted by the attribute; a warning with the nearest name when not.
void check_attribute(std::string_view name, std::string_view use, const index::TextIndex& text,
                     std::vector<Diagnostic>& diagnostics) {
  if (text.field_type(name) != nullptr) return;
  std::vector<std::string> fields = text.fields();
  const std::vector<std::string_view> known(fields.begin(), fields.end());
  const std::string near = index::nearest_name(name, known);
  diagnostics.push_back({Diagnostic::Severity::kWarning,
                         {},
                         "no item has the attribute `" + std::string(name) + "`",
                         near.empty() ? "" : "did you mean `" + near + "`?",
                         std::string(use)});
}

}  // namespace

QueryEngine::QueryEngine(const index::Snapshot& snapshot, const Limits& limits)
    : impl_(std::make_unique<Impl>(snapshot, limits)) {}
QueryEngine::~QueryEngine() = default;

SearchResult QueryEngine::search(const SearchRequest& request) const {
  return impl_->search(request);
}
SearchResult QueryEngine::suggest(const SuggestRequest& request) const {
  return impl_->suggest(request);
}

std::optional<Node> QueryEngine::Impl::prepare(std::string_view query, const SearchRequest& request,
                                               std::vector<Diagnostic>& diagnostics) const {
  auto parsed = syntax::parse(query, {limits.bytes, limits.clauses, limits.depth, true});
  std::vector<Diagnostic> found = std::move(parsed.diagnostics);
  Node tree = bind_params(std::move(parsed.tree), request.params, limits, found, request.mode);
  if (!has_error(found)) {
    for (Diagnostic& diagnostic : text.check(tree)) found.push_back(std::move(diagnostic));
  }
  const bool failed = has_error(found);
  for (Diagnostic& diagnostic : found) diagnostics.push_back(std::move(diagnostic));
  if (failed) return std::nullopt;
  return tree;
}

std::optional<ItemSet> QueryEngine::Impl::allowed_items(const SearchRequest& request, const Node& query,
                                                        index::ItemGroup& group, SearchResult& result) const {
  const index::Catalogue& catalogue = snapshot.catalogue();
  if (!request.kind.empty()) {
    if (request.kind == index::kQueryKind) group = index::ItemGroup::kQueries;
    return narrow(request, catalogue.of_kind(request.kind), group, result);
  }
  if (names_kind(query)) return narrow(request, ItemSet(catalogue.size(), true), group, result);
  return narrow(request, std::nullopt, group, result);
}

std::optional<ItemSet> QueryEngine::Impl::narrow(const SearchRequest& request, std::optional<ItemSet> kinds,
                                                 index::ItemGroup group, SearchResult& result) const {
  const index::Catalogue& catalogue = snapshot.catalogue();
  if (request.filter.empty()) return kinds ? std::move(*kinds) : catalogue.searchable();
  SearchResult filtered;  // its positions are in the filter's text
  const auto matching = [&]() -> std::optional<ItemSet> {
    const auto filter = prepare(request.filter, request, filtered.diagnostics);
    if (!filter) return std::nullopt;
    if (!kinds) kinds = names_kind(*filter) ? ItemSet(catalogue.size(), true) : catalogue.searchable();
    const RunContext context = context_for(request, *kinds, group, filtered);
    std::vector<RunLeg> legs;
    if (!run_operators(*filter, context, legs)) return std::nullopt;
    OperatorScores scores;
    for (const RunLeg& leg : legs) scores[leg.node] = leg.as_clause();
    ItemSet allowed = std::move(*kinds);
    allowed.intersect(text.matches(*filter, scores));
    return allowed;
  }();
  for (Diagnostic& diagnostic : filtered.diagnostics) {
    if (diagnostic.source.empty()) diagnostic.source = "filter";
    result.diagnostics.push_back(std::move(diagnostic));
  }
  result.skipped += filtered.skipped;
  return matching;
}

SearchResult QueryEngine::Impl::search(const SearchRequest& request) const {
  SearchResult result;
  const auto failed = [&] {
    result.ok = false;
    return std::move(result);
  };
  if (request.size + request.offset > limits.top_k) {
    result.diagnostics.push_back({Diagnostic::Severity::kError,
                                  {},
                                  "offset + size is " + std::to_string(request.size + request.offset) +
                                      ", more than the limit of " + std::to_string(limits.top_k),
                                  "ask for fewer hits"});
    return failed();
  }
  const auto tree = prepare(request.query, request, result.diagnostics);
  if (!tree) return failed();
  const auto* call = tree->get_if<syntax::Operator>();
  if (call != nullptr && call->name == "suggest") return suggest_as_search(*tree, request, std::move(result));

  index::ItemGroup group = index::ItemGroup::kSearchable;
  const auto allowed = allowed_items(request, *tree, group, result);
  if (!allowed) return failed();
  const RunContext context = context_for(request, *allowed, group, result);
  std::vector<RunLeg> legs;
  if (!run_operators(*tree, context, legs)) return failed();
  OperatorScores scores;
  for (const RunLeg& leg : legs) scores[leg.node] = leg.as_clause();

  if (!request.facets.empty() || !request.sort.empty()) {
    ItemSet matches = text.matches(*tree, scores);
    matches.intersect(*allowed);
    for (const std::string& attribute : request.facets) {
      check_attribute(attribute, "facets", snapshot.text(), result.diagnostics);
      result.facets[attribute] = count_values(snapshot.catalogue(), matches, attribute);
    }
    if (!request.sort.empty()) {
      for (const std::string& attribute : request.sort) {
        check_attribute(attribute.starts_with('-') ? attribute.substr(1) : attribute, "sort", snapshot.text(),
                        result.diagnostics);
      }
      result.total = matches.count();
      std::vector<ItemId> order = sort_by_attributes(snapshot.catalogue(), matches, request.sort);
      order.erase(order.begin(),
                  order.begin() + static_cast<std::ptrdiff_t>(std::min(request.offset, order.size())));
      if (order.size() > request.size) order.resize(request.size);
      std::vector<ScoredItem> page;
      for (const ItemId item : order) page.push_back({item, 0});
      fill_hits(*tree, legs, scores, page, request, context, result);
      return result;
    }
  }

  TextHits hits;
  if (call != nullptr) {  // one operator is the whole query: its leg is the ranking
    const RunLeg& leg = legs.front();
    const std::vector<double> clause = clause_scores(leg.items, leg.top_k);
    for (std::size_t i = 0; i < leg.items.size(); ++i)
      hits.items.push_back({leg.items[i].item, tree->boost * clause[i]});
    hits.total = hits.items.size();
    // Equal raw scores share a clause score and stand in the order of their ids already.
    if (request.offset + request.size > leg.top_k) {
      result.diagnostics.push_back({Diagnostic::Severity::kWarning, tree->range,
                                    "the operator makes at most " + std::to_string(leg.top_k) + " hits, " +
                                        std::to_string(request.offset + request.size) + " were asked for",
                                    "raise its topK (of a hybrid: window)"});
    }
  } else {
    hits = text.search(*tree, scores, &*allowed, request.offset + request.size);
  }
  result.total = hits.total;
  const std::size_t first = std::min(request.offset, hits.items.size());
  const std::size_t count = std::min(request.size, hits.items.size() - first);
  fill_hits(*tree, legs, scores, std::span(hits.items).subspan(first, count), request, context, result);
  return result;
}

void QueryEngine::Impl::fill_hits(const Node& tree, const std::vector<RunLeg>& legs,
                                  const OperatorScores& scores, std::span<const ScoredItem> page,
                                  const SearchRequest& request, const RunContext& context,
                                  SearchResult& result) const {
  const bool has_text = tree.get_if<syntax::Operator>() == nullptr;
  std::vector<ScoreBreakdown> breakdowns;
  if (has_text) {
    std::vector<ItemId> items;
    for (const ScoredItem& scored : page) items.push_back(scored.item);
    breakdowns = text.explain(tree, scores, items);
  }
  for (std::size_t i = 0; i < page.size(); ++i) {
    SearchHit hit;
    hit.item = page[i].item;
    hit.rank = request.offset + i + 1;
    hit.score = page[i].score;
    LegExplanation text_leg{"text", {}, {}, {}, {}, {}};
    double text_score = 0;
    bool text_matched = false;
    std::vector<const Node*> contributing;
    if (has_text) {
      if (!request.sort.empty()) hit.score = breakdowns[i].score;
      for (const LeafScore& leaf : breakdowns[i].leaves) {
        if (leaf.node->get_if<syntax::Operator>() != nullptr) {
          contributing.push_back(leaf.node);
          continue;
        }
        text_matched = true;
        text_score += leaf.score;
        text_leg.terms.insert(text_leg.terms.end(), leaf.terms.begin(), leaf.terms.end());
      }
    }
    if (text_matched) {
      hit.legs.push_back({"text",
                          legs.empty() && request.sort.empty() ? std::optional(hit.rank) : std::nullopt,
                          text_score, text_score});
    }
    if (request.explain) hit.explanation.emplace();
    if (request.explain && text_matched) hit.explanation->legs.push_back(std::move(text_leg));
    for (const RunLeg& leg : legs) {
      if (has_text && std::find(contributing.begin(), contributing.end(), leg.node) == contributing.end())
        continue;
      append_hit_legs(leg, hit.item, boost_of(tree, leg.node), hit.legs);
      if (request.explain) explain_leg(leg, hit.item, context, *hit.explanation);
    }
    result.hits.push_back(std::move(hit));
  }
}

SearchResult QueryEngine::Impl::suggest_as_search(const Node& tree, const SearchRequest& request,
                                                  SearchResult result) const {
  const auto arguments = resolve_arguments(tree, request.params, limits, result.diagnostics);
  if (!arguments) {
    result.ok = false;
    return result;
  }
  SuggestRequest wanted;
  const auto& call = std::get<syntax::Operator>(tree.expression);
  wanted.typed =
      call.bodies.empty() ? arguments->text("q") : std::get<std::string>(call.bodies.front().value);
  if (const auto* events = arguments->session("ctx")) {
    wanted.session = *events;
  } else if (request.session != nullptr) {
    wanted.session = *request.session;
  }
  const std::size_t most = arguments->count("n");
  wanted.offset = std::min(request.offset, most);
  wanted.size = std::min(request.size, most - wanted.offset);
  wanted.kind = request.kind;
  wanted.filter = request.filter;
  wanted.params = request.params;
  wanted.moment = request.moment;
  SearchResult found = suggest(wanted);
  if (request.offset + request.size > most) {
    found.diagnostics.push_back({Diagnostic::Severity::kWarning, tree.range,
                                 "the operator makes at most " + std::to_string(most) + " suggestions, " +
                                     std::to_string(request.offset + request.size) + " were asked for",
                                 "raise its n"});
  }
  found.diagnostics.insert(found.diagnostics.begin(), result.diagnostics.begin(), result.diagnostics.end());
  return found;
}

}  // namespace segue::query
