#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"

namespace segue::query {

/// A ranked list that retrieval made: by text, by a model's neighbours, by transitions. items are ordered by
/// (falling score, rising item) and differ; score is the raw score of whoever made the leg.
struct Leg {
  std::string name;
  std::vector<index::ScoredItem> items;
};

/// How an item stood in one leg.
struct LegShare {
  std::size_t leg = 0;   ///< index into the legs that were fused
  std::size_t rank = 0;  ///< from 1, by position
  double raw = 0;        ///< the leg's score
  double score = 0;      ///< what the leg added to the fused score
};

struct FusedItem {
  index::ItemId item = index::kNoItem;
  double score = 0;
  std::vector<LegShare> shares;  ///< in the order of the legs; legs without the item are left out
};

/// Reciprocal rank fusion: score(i) = sum over legs of weight / (k + rank) (Cormack, Clarke, Buettcher 2009).
/// Ranks are positions in (falling score, rising item) order. weights: one per leg, at least 0, or empty for
/// 1 each; an item that only legs of weight 0 hold does not appear. The result is ordered by (falling score,
/// rising item). A pure function. Throws std::invalid_argument for weights of another count or below 0, or k
/// < 0.
std::vector<FusedItem> reciprocal_rank_fusion(std::span<const Leg> legs, std::span<const double> weights,
                                              double k = 60);

/// Shared ranks of a leg, from 1: equal scores share the smaller rank.
std::vector<std::size_t> shared_ranks(std::span<const index::ScoredItem> items);

/// The score of a leg's items as a clause: 1 - (rank - 1) / top_k with shared ranks, in the leg's order.
/// Throws std::invalid_argument for more than top_k items.
std::vector<double> clause_scores(std::span<const index::ScoredItem> items, std::size_t top_k);

}  // namespace segue::query
