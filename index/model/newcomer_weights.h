#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/blend_weights.h"
#include "index/model/seen_rule.h"
#include "index/model/session_model.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Items that play newcomers: they have events, but the models are given without them. Valid for the call.
struct NewcomerTrial {
  /// As if the items were new (as_if_new.h, content_placement.h); the same names in every trial, those of the
  /// blend and `popularity` among them.
  std::span<const SessionModel* const> models;
  const ItemSet* newcomers = nullptr;  ///< searchable
  const ItemSet* others = nullptr;     ///< the searchable items that compete with them
  std::span<const float> events;       ///< of each item in training, by ItemId; 0 for newcomers
};

/// How the blend weighs items without events. Fitted weights say nothing of them: where every target has
/// events, such an item is only ever in the way. So some items play newcomers, and
///
///   maximise  NDCG@10 of the targets that are newcomers
///   subject   to HR@10 and NDCG@10 of the other targets >= (1 - cost) of what they are among the others
///   alone over      weights >= 0 of class 0 (no events) of the models that know newcomers, and of
///   popularity, whose
///             z-score is the same negative number for all of them: a bar that they have to clear
///
/// by ascent along one weight after another, the bar as low as the cost allows. Both measures count:
/// newcomers that come in at the lower places cost hits, those that are let in at the very top alone cost
/// NDCG. Thread-compatible.
class NewcomerWeights {
 public:
  /// held_out: sequences whose targets are searchable; targets that neither compete nor are newcomers are
  /// left out. The spans and the pool outlive this.
  NewcomerWeights(BlendWeights blend, std::span<const HeldOut> held_out, SeenRule seen,
                  kernels::ThreadPool& pool, Progress& progress);

  /// May be called several times, with different newcomers. Throws std::invalid_argument without popularity.
  void add(const NewcomerTrial& trial);

  /// Of the targets that are no newcomers.
  struct Others {
    double hr = 0;    ///< HR@10
    double ndcg = 0;  ///< NDCG@10
  };
  struct Fit {
    BlendWeights weights;     ///< the blend's, with others for class 0; models added for it alone have
                              ///< BlendWeights::kNewItemsOnly elsewhere
    double ndcg = 0;          ///< NDCG@10 of newcomers
    Others others;            ///< beside newcomers
    Others others_before;     ///< without newcomers among the items
    std::size_t targets = 0;  ///< that were newcomers
  };
  /// cost: share of the other targets' measures, at least 0. Where no model knows a newcomer, or nothing is
  /// gained, class 0 has no weight at all. The same for any number of threads.
  Fit fit(double cost) const;

 private:
  /// What decides the rank of one target.
  struct Contest {
    std::size_t length = 0;        ///< class of the session
    bool newcomer = false;         ///< whether the target is one
    double score = 0;              ///< of a target that is none
    std::size_t above = 0;         ///< others ahead of that one
    std::vector<double> others;    ///< for a newcomer: scores of the best others, falling
    std::vector<double> target;    ///< [models] z-scores of a newcomer
    std::vector<float> newcomers;  ///< [competing newcomers, models] z-scores
  };
  struct Measure {
    double newcomers = 0;  // mean gain
    double hits = 0;       // of the others, summed up
    double gains = 0;
  };
  class Maker;

  /// The weights with these for class 0, by model of weights_.
  BlendWeights with(std::span<const double> newcomer) const;
  Measure measure(std::span<const double> newcomer) const;
  bool affordable(const Measure& measured, double cost) const;
  /// With the lowest bar that the cost allows.
  Measure raise_bar(std::vector<double>& newcomer, double cost) const;

  BlendWeights weights_;  // with all models that may weigh newcomers
  std::span<const HeldOut> held_out_;
  SeenRule seen_;
  kernels::ThreadPool& pool_;
  Progress& progress_;
  std::vector<std::size_t> able_;  // models that know newcomers
  std::size_t bar_ = 0;            // popularity
  std::vector<Contest> contests_;
  std::size_t newcomers_ = 0;  // contests of newcomers
  double hits_before_ = 0;     // of the others, without newcomers
  double gains_before_ = 0;
};

}  // namespace segue::index
