#include "index/model/sparse_session.h"

#include <algorithm>
#include <cmath>

#include "index/top_items.h"

namespace segue::index {

std::vector<ScoredItem> SparseSession::top(std::size_t k, const ItemSet* allowed) const {
  std::vector<ScoredItem> best;
  for (const ScoredItem& entry : scores_.entries()) {
    if (allowed == nullptr || allowed->contains(entry.item)) best.push_back(entry);
  }
  keep_best(best, k);
  return best;
}

void SparseSession::score(std::span<const ItemId> items, std::span<double> scores) const {
  for (std::size_t i = 0; i < items.size(); ++i) scores[i] = scores_[items[i]];
}

void SparseSession::score_all(std::span<double> scores) const {
  std::fill(scores.begin(), scores.end(), 0.0);
  for (const ScoredItem& entry : scores_.entries()) scores[entry.item] = entry.score;
}

ScoreMoments SparseSession::moments(ItemGroup group) const {
  const bool queries = group == ItemGroup::kQueries;
  const std::size_t items = queries ? sizes_.queries : sizes_.searchable;
  if (items == 0) return {};
  double sum = 0;
  double squares = 0;
  for (const ScoredItem& entry : scores_.entries()) {
    if (catalogue_.is_query(entry.item) != queries) continue;
    sum += entry.score;
    squares += entry.score * entry.score;
  }
  const double n = static_cast<double>(items);
  return {sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)))};
}

}  // namespace segue::index
