#pragma once

#include <cstddef>
#include <string>

#include "index/item.h"
#include "index/snapshot/snapshot.h"
#include "query/operators/session_context.h"

namespace segue::query {

/// The least cosine of contents at which an item stands for a text.
inline constexpr double kLeastLikeness = 0.5;
/// The newest texts of a session that items stand for: each costs a search of all contents.
inline constexpr std::size_t kPlacedTexts = 5;

/// Models that know items by behaviour know nothing of a text that nobody has typed before. For them it
/// stands where the item is whose content is most like it: of the items with events, that one, if any is as
/// like as kLeastLikeness. kNoItem otherwise, and without a content model.
index::ItemId stand_in(const index::Snapshot& snapshot, const std::string& text);

/// A session in which such items stand for the newest typed texts, at their places and in their context;
/// other texts stay texts.
SessionContext with_stand_ins(const index::Snapshot& snapshot, SessionContext session);

}  // namespace segue::query
