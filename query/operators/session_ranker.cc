#include "query/operators/session_ranker.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "index/top_items.h"
#include "query/operators/diversify.h"
#include "query/operators/stand_ins.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::ScoredItem;

// A word typed one text earlier says this much less about what comes next.
constexpr double kWordDecay = 0.8;
// The texts of a session that are looked at for words.
constexpr std::size_t kWordTexts = 10;
// Candidates that every part offers, as Blend does.
constexpr std::size_t kCandidates = 1000;

/// What the words of a session rank: BM25 over titles.
struct WordLeg {
  std::unordered_map<ItemId, double> scores;
  std::vector<ScoredItem> head;
  index::ScoreMoments moments;

  double raw(ItemId item) const {
    const auto found = scores.find(item);
    return found == scores.end() ? 0 : found->second;
  }
  double z(ItemId item) const {
    return moments.deviation > 0 ? (raw(item) - moments.mean) / moments.deviation : 0;
  }
};

/// The texts of the events that no model can place, newest first: what was typed, and titles of items without
/// a place.
std::vector<std::string> unplaced_texts(const index::Snapshot& snapshot, const SessionContext& session,
                                        const std::vector<const index::SessionModel*>& models) {
  std::vector<std::string> texts;
  for (auto event = session.events.rbegin(); event != session.events.rend() && texts.size() < kWordTexts;
       ++event) {
    if (event->item == index::kNoItem) {
      texts.push_back(event->text);
    } else if (std::none_of(models.begin(), models.end(),
                            [&](const auto* m) { return m->knows(event->item); })) {
      texts.emplace_back(snapshot.catalogue().title(event->item));
    }
  }
  return texts;
}

WordLeg rank_words(const index::Snapshot& snapshot, const std::vector<std::string>& texts,
                   index::ItemGroup group) {
  WordLeg leg;
  std::vector<index::TextIndex::WeightedToken> tokens;
  double weight = 1;
  for (const std::string& text : texts) {
    for (std::string& token : snapshot.text().analyze(text)) tokens.push_back({std::move(token), weight});
    weight *= kWordDecay;
  }
  if (tokens.empty()) return leg;
  const index::Catalogue& catalogue = snapshot.catalogue();
  const index::ItemSet& items =
      group == index::ItemGroup::kQueries ? catalogue.queries() : catalogue.searchable();
  leg.head = snapshot.text().score_words(tokens, index::kTitleField, kCandidates, &items, snapshot.bm25());
  double sum = 0;
  double squares = 0;
  for (const ScoredItem& item : leg.head) {
    leg.scores.emplace(item.item, item.score);
    sum += item.score;
    squares += item.score * item.score;
  }
  const double n = std::max<double>(1, static_cast<double>(items.count()));
  leg.moments.mean = sum / n;
  leg.moments.deviation = std::sqrt(std::max(0.0, squares / n - leg.moments.mean * leg.moments.mean));
  return leg;
}

/// Of the session's own items: one that stands for a typed text is nothing that anybody has seen.
std::vector<Cause> causes_of(const index::EncodedSession& session, std::span<const ItemId> own, ItemId item,
                             double raw, std::size_t most) {
  std::vector<Cause> causes;
  if (!(raw > 0)) return causes;
  for (const ScoredItem& part : session.because(item, most)) {
    if (part.score > 0 && std::find(own.begin(), own.end(), part.item) != own.end())
      causes.push_back({part.item, part.score / raw});
  }
  return causes;
}

}  // namespace

struct SessionRanker::Impl {
  const index::Snapshot& snapshot;
  SessionContext session;
  SessionContext placed;  // the same with items in the place of typed texts, as the models see it
  std::string model;      // "blend" or the name of one, as it was asked for
  index::ItemGroup group;
  Source source = Source::kPopularity;
  std::unique_ptr<index::BlendedSession> blend;   // of model=blend
  std::unique_ptr<index::EncodedSession> single;  // of one model, or popularity
  std::string single_name = "popularity";
  WordLeg words;

  Impl(const index::Snapshot& s, SessionContext c, std::string_view m, index::ItemGroup g)
      : Impl(s, c, with_stand_ins(s, c), m, g) {}

  /// p: c with items in the place of its texts, which take a search each to find.
  Impl(const index::Snapshot& s, SessionContext c, SessionContext p, std::string_view m, index::ItemGroup g)
      : snapshot(s), session(std::move(c)), placed(std::move(p)), model(m), group(g) {
    const std::vector<ItemId> items = placed.items();
    const std::vector<std::uint32_t> contexts = placed.contexts();
    const std::vector<std::string> texts = session.texts();
    index::SessionView view(items);
    view.texts = texts;
    view.contexts = contexts;
    view.request = session.request;
    view.sets = &session.sets;
    const bool empty = items.empty() && texts.empty();
    std::vector<const index::SessionModel*> models;
    if (model == "blend") {
      if (const index::Blend* found = snapshot.blend(); found != nullptr && !empty) {
        blend = found->encode(view, group);
      }
      for (const std::string& name : snapshot.model_names()) {
        if (name != "popularity") models.push_back(snapshot.model(name));
      }
    } else if (const index::SessionModel* found = snapshot.model(model); found != nullptr) {
      models.push_back(found);
      single_name = found->name();  // `neighbours` means one of several
      const bool popular = model == "popularity" || model == "context-popularity";
      if (!empty || popular) single = found->encode(view);
    }
    if (blend || single) source = Source::kModels;
    if (source != Source::kModels || (blend && snapshot.words_weight() > 0)) {
      words = rank_words(snapshot, unplaced_texts(snapshot, session, models), group);
    }
    if (source == Source::kModels) return;
    if (!words.head.empty()) {
      source = Source::kWords;
      return;
    }
    for (const std::string_view popular : {"context-popularity", "popularity"}) {
      const index::SessionModel* found = snapshot.model(popular);
      if (found != nullptr) single = found->encode(view);
      if (!single) continue;
      single_name = popular;
      return;
    }
  }

  bool diversifies() const {
    return source == Source::kPopularity && snapshot.diversity() > 0 && likeness_space(snapshot) != nullptr;
  }
  std::vector<ScoredItem> diverse_top(std::size_t k, const index::ItemSet* allowed) const {
    std::vector<ScoredItem> best = diversify(single->top(std::max(k, kDiversified), allowed),
                                             snapshot.diversity(), *likeness_space(snapshot));
    best.resize(std::min(best.size(), k));
    return best;
  }

  std::vector<double> score(std::span<const ItemId> items) const {
    std::vector<double> scores(items.size());
    if (blend) {
      blend->score(items, scores);
      if (!words.head.empty()) {
        for (std::size_t i = 0; i < items.size(); ++i)
          scores[i] += snapshot.words_weight() * words.z(items[i]);
      }
    } else if (source == Source::kWords) {
      for (std::size_t i = 0; i < items.size(); ++i) scores[i] = words.raw(items[i]);
    } else if (single) {
      single->score(items, scores);
    }
    return scores;
  }
};

SessionRanker::SessionRanker(const index::Snapshot& snapshot, SessionContext session, std::string_view model,
                             index::ItemGroup group)
    : impl_(std::make_unique<Impl>(snapshot, std::move(session), model, group)) {}
SessionRanker::~SessionRanker() = default;

SessionRanker::Source SessionRanker::source() const {
  return impl_->source;
}
bool SessionRanker::diversifies() const {
  return impl_->diversifies();
}
const SessionContext& SessionRanker::session() const {
  return impl_->session;
}

std::string_view SessionRanker::source_name() const {
  switch (impl_->source) {
    case Source::kModels:
      return "models";
    case Source::kWords:
      return "words";
    case Source::kPopularity:
      break;
  }
  return "popularity";
}

std::vector<ScoredItem> SessionRanker::top(std::size_t k, const index::ItemSet* allowed) const {
  std::vector<ScoredItem> best;
  if (impl_->source == Source::kWords) {
    for (const ScoredItem& item : impl_->words.head) {
      if (best.size() < k && (allowed == nullptr || allowed->contains(item.item))) best.push_back(item);
    }
    return best;
  }
  if (impl_->single && impl_->diversifies()) return impl_->diverse_top(k, allowed);
  if (impl_->single) return impl_->single->top(k, allowed);
  if (!impl_->blend) return best;
  if (impl_->words.head.empty()) return impl_->blend->top(k, allowed).items;

  // Candidates of the models and of the words, each scored by all.
  std::vector<ItemId> candidates;
  for (const ScoredItem& item : impl_->blend->top(std::max(k, kCandidates), allowed).items) {
    candidates.push_back(item.item);
  }
  for (const ScoredItem& item : impl_->words.head) {
    if (allowed == nullptr || allowed->contains(item.item)) candidates.push_back(item.item);
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  const std::vector<double> scores = impl_->score(candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) best.push_back({candidates[i], scores[i]});
  index::keep_best(best, k);
  return best;
}

std::vector<double> SessionRanker::score(std::span<const ItemId> items) const {
  return impl_->score(items);
}

std::vector<ModelShare> SessionRanker::shares(ItemId item, std::size_t causes) const {
  std::vector<ModelShare> shares;
  const ItemId items[] = {item};
  const std::vector<ItemId> own = impl_->session.items();
  double raw = 0;
  if (impl_->blend) {
    for (const auto& part : impl_->blend->parts()) {
      part.session->score(items, {&raw, 1});
      shares.push_back({part.is_correction ? "popularity-correction" : std::string(part.model->name()),
                        part.weight(item), part.z(raw), raw,
                        causes_of(*part.session, own, item, raw, causes)});
    }
    if (!impl_->words.head.empty()) {
      shares.push_back(
          {"words", impl_->snapshot.words_weight(), impl_->words.z(item), impl_->words.raw(item), {}});
    }
  } else if (impl_->source == Source::kWords) {
    shares.push_back({"words", 1, impl_->words.z(item), impl_->words.raw(item), {}});
  } else if (impl_->single) {
    impl_->single->score(items, {&raw, 1});
    const index::ScoreMoments moments = impl_->single->moments(impl_->group);
    const double z = moments.deviation > 0 ? (raw - moments.mean) / moments.deviation : 0;
    shares.push_back({impl_->single_name, 1, z, raw, causes_of(*impl_->single, own, item, raw, causes)});
  }
  return shares;
}

std::vector<EventShare> SessionRanker::event_shares(ItemId item, std::size_t most) const {
  std::vector<EventShare> shares;
  if (impl_->source == Source::kPopularity) return shares;
  const ItemId items[] = {item};
  const double whole = impl_->score(items)[0];
  const auto& events = impl_->session.events;
  for (std::size_t e = events.size() - std::min(most, events.size()); e < events.size(); ++e) {
    SessionContext without = impl_->session;
    SessionContext placed = impl_->placed;
    for (SessionContext* session : {&without, &placed})
      session->events.erase(session->events.begin() + static_cast<std::ptrdiff_t>(e));
    const Impl rest(impl_->snapshot, std::move(without), std::move(placed), impl_->model, impl_->group);
    // Without its last known event a session falls back to another source, whose scores have another unit.
    const double score = rest.source == impl_->source ? rest.score(items)[0] : 0;
    shares.push_back({events[e].item, events[e].text, whole - score});
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const EventShare& a, const EventShare& b) { return a.contribution > b.contribution; });
  return shares;
}

std::vector<ContextShare> SessionRanker::context_shares(ItemId item) const {
  std::vector<ContextShare> shares;
  const ItemId items[] = {item};
  const double whole = impl_->score(items)[0];
  for (const bool of_request : {true, false}) {
    for (const index::ContextId value : impl_->session.values(of_request)) {
      const Impl rest(impl_->snapshot, impl_->session.without(value, of_request),
                      impl_->placed.without(value, of_request), impl_->model, impl_->group);
      const auto& name = impl_->snapshot.contexts()[value];
      shares.push_back({name.key, name.value, of_request, whole - rest.score(items)[0]});
    }
  }
  std::stable_sort(shares.begin(), shares.end(), [](const ContextShare& a, const ContextShare& b) {
    return a.contribution > b.contribution;
  });
  return shares;
}

std::vector<Neighbour> SessionRanker::neighbours(ItemId item, std::size_t k) const {
  std::vector<Neighbour> near;
  const std::vector<ItemId> own = impl_->session.items();
  for (const std::string_view space : {"transformer", "mf", "words", "content"}) {
    const index::VectorIndex* vectors = impl_->snapshot.vectors(space);
    if (vectors == nullptr || !vectors->contains(item)) continue;
    index::ItemSet others = impl_->snapshot.catalogue().searchable();
    others.erase(item);
    for (const ScoredItem& found : vectors->search(vectors->vector(item), k, &others)) {
      near.push_back({found.item, found.score, std::find(own.begin(), own.end(), found.item) != own.end()});
    }
    break;
  }
  return near;
}

}  // namespace segue::query
