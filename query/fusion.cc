#include "query/fusion.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

namespace segue::query {

std::vector<FusedItem> reciprocal_rank_fusion(std::span<const Leg> legs, std::span<const double> weights,
                                              double k) {
  if (!weights.empty() && weights.size() != legs.size()) {
    throw std::invalid_argument("fusion needs one weight per leg");
  }
  if (!(k >= 0 && std::isfinite(k))) throw std::invalid_argument("fusion needs k >= 0");
  std::vector<FusedItem> fused;
  std::unordered_map<index::ItemId, std::size_t> rows;
  for (std::size_t l = 0; l < legs.size(); ++l) {
    const double weight = weights.empty() ? 1 : weights[l];
    if (!(weight >= 0 && std::isfinite(weight)))
      throw std::invalid_argument("fusion weights are at least 0 and finite");
    if (weight == 0) continue;
    for (std::size_t r = 0; r < legs[l].items.size(); ++r) {
      const auto [row, added] = rows.emplace(legs[l].items[r].item, fused.size());
      if (added) fused.push_back({legs[l].items[r].item, 0, {}});
      const double share = weight / (k + static_cast<double>(r + 1));
      fused[row->second].score += share;
      fused[row->second].shares.push_back({l, r + 1, legs[l].items[r].score, share});
    }
  }
  std::sort(fused.begin(), fused.end(), [](const FusedItem& a, const FusedItem& b) {
    return index::ranks_before({a.item, a.score}, {b.item, b.score});
  });
  return fused;
}

std::vector<std::size_t> shared_ranks(std::span<const index::ScoredItem> items) {
  std::vector<std::size_t> ranks(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    ranks[i] = i > 0 && items[i].score == items[i - 1].score ? ranks[i - 1] : i + 1;
  }
  return ranks;
}

std::vector<double> clause_scores(std::span<const index::ScoredItem> items, std::size_t top_k) {
  if (items.size() > top_k) throw std::invalid_argument("a leg holds at most its topK items");
  std::vector<double> scores;
  scores.reserve(items.size());
  for (const std::size_t rank : shared_ranks(items)) {
    scores.push_back(1 - static_cast<double>(rank - 1) / static_cast<double>(top_k));
  }
  return scores;
}

}  // namespace segue::query
