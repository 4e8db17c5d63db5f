#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/model/blend_weights.h"
#include "index/model/newcomer_weights.h"
#include "index/model/seen_rule.h"
#include "index/model/training_data.h"
#include "index/reindex/model_set.h"

namespace segue::index {

/// A blend that weighs items without events, and how that was found.
struct NewcomerChoice {
  BlendWeights weights;
  double cost = 0;                  ///< that was allowed
  double ndcg = 0;                  ///< NDCG@10 of targets as if they were new
  NewcomerWeights::Others others;   ///< targets that are not new, beside those that are
  NewcomerWeights::Others without;  ///< the same without new items
  std::size_t targets = 0;          ///< as if they were new
};

/// Lets disjoint tenths of the items that have events play newcomers, drawn by the seed, and weighs items
/// without events as newcomer_weights.h says. The models are not trained again: rows of the drawn items are
/// placed by content anew, by a map that has not seen them, and models that know items by events alone are
/// asked as if they knew nothing of them (as_if_new.h). Items without any event do not take part.
/// Thread-compatible; held_out and the environment outlive it.
class NewcomerTrials {
 public:
  NewcomerTrials(const ModelSet& models, const BlendWeights& blend, std::span<const HeldOut> held_out,
                 const SeenRule& seen, std::uint64_t seed, const TrainingEnvironment& environment);

  /// cost: share of HR@10 and NDCG@10 of other targets that new items may cost.
  NewcomerChoice weigh(double cost) const;

 private:
  NewcomerWeights fitting_;
};

}  // namespace segue::index
