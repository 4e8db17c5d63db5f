#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/item.h"
#include "index/model/sequence_index.h"
#include "index/model/sparse_session.h"
#include "index/top_items.h"

namespace segue::index {

/// A session's items as a search for neighbours takes them, newest first, each with its weight.
struct WeightedItems {
  std::vector<ItemId> items;
  std::vector<double> weights;
};

/// A training sequence that holds items of the session, and how alike the two are:
/// similarity = factor * sum over shared items i of weight(i) * weight_in(i, sequence).
struct Voter {
  std::uint32_t sequence = 0;
  std::uint32_t newest_shared = 0;  ///< place in WeightedItems of the newest item that both have: the match
  std::size_t match_place = 0;      ///< place of the match in the sequence
  double factor = 1;
  double similarity = 0;
};

/// How voters are found.
struct VoterSearch {
  std::size_t most_recent = 0;  ///< of the sequences found, so many newest are compared
  std::size_t voters = 0;       ///< of those, so many most similar vote
  double shrink = 0;            ///< factor = n / (n + shrink) for n shared items
};

/// The most similar sequences, by (falling similarity, newest first). Time grows with the sequences that the
/// index keeps for the session's items.
std::vector<Voter> find_voters(const SequenceIndex& index, const WeightedItems& session,
                               const VoterSearch& search);

/// The scores that voters gave, and how to take them apart again. Model has
///   const SequenceIndex& index() const;
///   double vote(const Voter&, std::size_t place) const;   for the item at that place of the voter's sequence
///   double item_factor(ItemId) const;
/// and score(j) = item_factor(j) * sum over voters of similarity * vote(j), which is linear in the items
/// shared.
template <class Model>
class VotingSession final : public SparseSession {
 public:
  VotingSession(const Catalogue& catalogue, GroupSizes sizes, const Model& model, WeightedItems session,
                std::vector<Voter> voters, SparseScores scores)
      : SparseSession(catalogue, sizes, std::move(scores)),
        model_(model),
        session_(std::move(session)),
        voters_(std::move(voters)) {}

  std::vector<ScoredItem> because(ItemId item, std::size_t k) const override {
    SparseScores parts;
    for (const Voter& voter : voters_) {
      const auto items = model_.index().items_of(voter.sequence);
      const auto found = std::find(items.begin(), items.end(), static_cast<std::int32_t>(item));
      if (found == items.end()) continue;
      const double vote = model_.vote(voter, static_cast<std::size_t>(found - items.begin())) * voter.factor *
                          model_.item_factor(item);
      for (std::size_t i = 0; i < session_.items.size(); ++i) {
        const double part = session_.weights[i] * model_.index().weight_in(session_.items[i], voter.sequence);
        if (part * vote > 0) parts.add(session_.items[i], part * vote);
      }
    }
    std::vector<ScoredItem> best = parts.entries();
    keep_best(best, k);
    return best;
  }

 private:
  const Model& model_;
  WeightedItems session_;
  std::vector<Voter> voters_;
};

}  // namespace segue::index
