#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "index/input/fold.h"
#include "index/model/blend.h"
#include "query/operators/session_context.h"
#include "query/query_engine_impl.h"
#include "query/suggest/session_evidence.h"
#include "query/suggest/suggest_ranker.h"

namespace segue::query {
namespace {

using index::ItemGroup;
using index::ItemId;
using syntax::Diagnostic;

// What one unit of ln(events) is on the scale of suggestions, whose weights are ln(1 + events) by the
// largest: that of a bestseller of three thousand events.
constexpr double kLogScale = 8;
// Longer texts complete nothing: no suggestion is as long.
constexpr std::size_t kTypedBytes = 512;

/// The session by what can be read of it.
SuggestSession readable(const SessionContext& session, const index::Catalogue& catalogue) {
  SuggestSession readable;
  for (const SessionEvent& event : session.events) {
    if (event.item == index::kNoItem) {
      readable.entries.push_back({event.text, index::kNoItem, true});
    } else {
      readable.entries.push_back(
          {std::string(catalogue.title(event.item)), event.item, catalogue.is_query(event.item)});
    }
  }
  return readable;
}

/// What the context of the request says, where the session says nothing: how far it lifts each item, in
/// standard deviations of popularity over the item's own group.
ModelEvidence in_context(const SessionContext& session, const index::Snapshot& snapshot,
                         std::size_t related) {
  ModelEvidence evidence;
  const index::SessionModel* model = snapshot.model("context-popularity");
  index::SessionView view;
  view.request = session.request;
  view.sets = &session.sets;
  std::shared_ptr<const index::EncodedSession> here = model == nullptr ? nullptr : model->encode(view);
  if (!here) return evidence;
  std::shared_ptr<const index::EncodedSession> anywhere = snapshot.model("popularity")->encode(view);
  for (const index::ScoredItem& item : here->top(related, nullptr)) evidence.best.push_back(item.item);
  evidence.score = [here, anywhere, &catalogue = snapshot.catalogue()](std::span<const ItemId> candidates,
                                                                       std::span<double> scores) {
    std::vector<double> plain(candidates.size());
    here->score(candidates, scores);
    anywhere->score(candidates, plain);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const ItemGroup group =
          catalogue.is_query(candidates[i]) ? ItemGroup::kQueries : ItemGroup::kSearchable;
      const double deviation = anywhere->moments(group).deviation;
      scores[i] = deviation > 0 ? (scores[i] - plain[i]) / deviation : 0;
    }
  };
  return evidence;
}

/// The session by what the models make of it: z-scores, of each item over its own group.
ModelEvidence modelled(const SessionContext& session, const index::Snapshot& snapshot, std::size_t related) {
  ModelEvidence evidence;
  const index::Blend* blend = snapshot.blend();
  const std::vector<ItemId> items = session.items();
  if (items.empty()) return in_context(session, snapshot, related);
  if (blend == nullptr) return evidence;
  const std::vector<std::uint32_t> contexts = session.contexts();
  index::SessionView view(items);
  view.contexts = contexts;
  view.request = session.request;
  view.sets = &session.sets;
  std::shared_ptr<index::BlendedSession> encoded = blend->encode(view, ItemGroup::kSearchable);
  if (!encoded) return evidence;
  // The head of each model by itself: the exact blend of a thousand candidates would cost more than all the
  // rest, and the ranking scores whatever is a candidate anyway. The heaviest model's head comes first. One
  // that only weighs new items has a head of items that it does not weigh, and would cost a scan.
  std::vector<const index::BlendedSession::Part*> parts;
  for (const auto& part : encoded->parts()) {
    if (!part.is_correction && part.weights.back() > index::BlendWeights::kNewItemsOnly)
      parts.push_back(&part);
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto* a, const auto* b) { return a->weights.back() > b->weights.back(); });
  for (const auto* part : parts) {
    for (const index::ScoredItem& item : part->session->top(related / parts.size(), nullptr)) {
      evidence.best.push_back(item.item);
    }
  }

  std::vector<index::ScoreMoments> of_queries;
  for (const auto& part : encoded->parts()) of_queries.push_back(part.session->moments(ItemGroup::kQueries));
  evidence.score = [encoded, of_queries, &catalogue = snapshot.catalogue()](
                       std::span<const ItemId> candidates, std::span<double> scores) {
    std::fill(scores.begin(), scores.end(), 0.0);
    std::vector<double> raw(candidates.size());
    for (std::size_t p = 0; p < of_queries.size(); ++p) {
      const auto& part = encoded->parts()[p];
      part.session->score(candidates, raw);
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        const index::ScoreMoments& moments = catalogue.is_query(candidates[i]) ? of_queries[p] : part.moments;
        if (!(moments.deviation > 0)) continue;
        scores[i] += part.weight(candidates[i]) * (raw[i] - moments.mean) / moments.deviation;
      }
    }
  };
  return evidence;
}

}  // namespace

SearchResult QueryEngine::Impl::suggest(const SuggestRequest& request) const {
  SearchResult result;
  result.suggestions = true;
  if (request.size + request.offset > limits.top_k) {
    result.ok = false;
    result.diagnostics.push_back({Diagnostic::Severity::kError,
                                  {},
                                  "offset + size is " + std::to_string(request.size + request.offset) +
                                      ", more than the limit of " + std::to_string(limits.top_k),
                                  "ask for fewer suggestions"});
    return result;
  }
  // Which items may be shown; without kind and filter all of them.
  std::optional<index::ItemSet> allowed;
  if (!request.kind.empty() || !request.filter.empty()) {
    SearchRequest narrowed;
    narrowed.filter = request.filter;
    narrowed.params = request.params;
    narrowed.moment = request.moment;
    const ItemGroup group = ItemGroup::kSearchable;
    const index::ItemSet kinds = request.kind.empty() ? index::ItemSet(snapshot.catalogue().size(), true)
                                                      : snapshot.catalogue().of_kind(request.kind);
    allowed = narrow(narrowed, kinds, group, result);
    if (!allowed) {
      result.ok = false;
      return result;
    }
  }

  const SessionContext session =
      resolve_session(request.session, {snapshot.catalogue(), snapshot.contexts(), request.moment}, limits,
                      result.diagnostics);
  result.skipped += session.skipped;
  SuggestOptions options;
  options.model *= snapshot.session_weight();
  options.words *= snapshot.session_weight();
  const SessionEvidence evidence =
      gather_evidence(snapshot.suggestions(), readable(session, snapshot.catalogue()),
                      modelled(session, snapshot, options.related), options);
  // What is no text completes nothing; the parser's own check knows what is none.
  for (Diagnostic diagnostic : syntax::check_text(request.typed)) {
    diagnostic.source = "suggest";
    result.diagnostics.push_back(std::move(diagnostic));
    result.ok = false;
  }
  if (!result.ok) return result;
  const std::string typed = index::fold_prefix(std::string_view(request.typed).substr(0, kTypedBytes));
  // Nothing typed and nothing known: what is popular, and no two of a kind.
  const bool cold = typed.empty() && session.events.empty();
  const auto hits = rank_suggestions(snapshot.suggestions(),
                                     {typed, request.offset + request.size, allowed ? &*allowed : nullptr,
                                      cold ? -std::log1p(-snapshot.diversity()) / kLogScale : 0},
                                     evidence, options);
  // A list that is full may go on; a shorter one has been seen to its end.
  result.total = hits.size();
  result.total_exact = hits.size() < request.offset + request.size;
  for (std::size_t h = request.offset; h < hits.size(); ++h) {
    const SuggestionHit& suggestion = hits[h];
    SearchHit hit;
    hit.item = suggestion.item;
    hit.rank = h + 1;
    hit.score = suggestion.score;
    const std::array<std::pair<const char*, const SuggestionPart*>, 5> parts = {
        {{"popularity", &suggestion.popularity},
         {"match", &suggestion.match},
         {"model", &suggestion.model},
         {"words", &suggestion.words},
         {"diversity", &suggestion.diversity}}};
    for (const auto& [name, part] : parts) hit.legs.push_back({name, std::nullopt, part->raw, part->added});
    result.hits.push_back(std::move(hit));
    result.texts.push_back(suggestion.text);
  }
  return result;
}

}  // namespace segue::query
