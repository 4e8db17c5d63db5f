#include "query/operators/stand_ins.h"

#include <cstddef>

#include "index/model/session_model.h"

namespace segue::query {
namespace {

// How many of the most alike are looked at for one with events.
constexpr std::size_t kLookedAt = 50;

}  // namespace

index::ItemId stand_in(const index::Snapshot& snapshot, const std::string& text) {
  const index::SessionModel* content = snapshot.model("content");
  if (content == nullptr) return index::kNoItem;
  index::SessionView typed;
  typed.texts = {&text, 1};
  const auto encoded = content->encode(typed);
  if (!encoded) return index::kNoItem;
  for (const index::ScoredItem& near : encoded->top(kLookedAt, nullptr)) {
    if (near.score < kLeastLikeness) break;
    if (snapshot.item_events()[near.item] > 0) return near.item;
  }
  return index::kNoItem;
}

SessionContext with_stand_ins(const index::Snapshot& snapshot, SessionContext session) {
  std::size_t left = kPlacedTexts;
  for (auto event = session.events.rbegin(); event != session.events.rend() && left > 0; ++event) {
    if (event->item != index::kNoItem) continue;
    event->item = stand_in(snapshot, event->text);
    --left;
  }
  return session;
}

}  // namespace segue::query
