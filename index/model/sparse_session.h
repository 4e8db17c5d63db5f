#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "index/catalogue.h"
#include "index/model/session_model.h"
#include "index/model/sparse_scores.h"

namespace segue::index {

/// How many items each group of a catalogue has: what the moments of sparse scores are taken over.
struct GroupSizes {
  std::size_t searchable = 0;
  std::size_t queries = 0;
  static GroupSizes of(const Catalogue& catalogue) {
    return {catalogue.searchable().count(), catalogue.queries().count()};
  }
};

/// A session whose scores were summed when it was encoded: few items have one, all others 0. Immutable,
/// thread-safe; the catalogue outlives it.
class SparseSession : public EncodedSession {
 public:
  SparseSession(const Catalogue& catalogue, GroupSizes sizes, SparseScores scores)
      : catalogue_(catalogue), sizes_(sizes), scores_(std::move(scores)) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override;
  void score(std::span<const ItemId> items, std::span<double> scores) const override;
  void score_all(std::span<double> scores) const override;
  ScoreMoments moments(ItemGroup group) const override;

 private:
  const Catalogue& catalogue_;
  GroupSizes sizes_;
  SparseScores scores_;
};

}  // namespace segue::index
