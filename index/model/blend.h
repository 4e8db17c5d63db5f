#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/model/blend_weights.h"
#include "index/model/session_model.h"

namespace segue::index {

/// How one part stood to one item.
struct BlendShare {
  double raw = 0;    ///< the model's own score
  double z = 0;      ///< (raw - mean) / deviation over the item group; 0 when the deviation is 0
  double score = 0;  ///< weight z: what the part added
};

/// The head of a blend's ranking.
struct BlendedTop {
  std::vector<ScoredItem> items;   ///< by (falling score, rising item)
  std::vector<BlendShare> shares;  ///< [items, parts]: part p of items[r] is shares[r * parts + p]
  std::size_t parts = 0;           ///< BlendedSession::parts().size()
};

/// A session as all parts of a blend see it. Parts whose model knows nothing of the session are left out; the
/// weights of the others stand. Immutable, thread-safe; must not outlive the blend.
class BlendedSession {
 public:
  struct Part {
    const SessionModel* model;
    std::unique_ptr<EncodedSession> session;
    ScoreMoments moments;
    std::span<const double> weights;        ///< of this session, by class of item; kept by the blend
    std::span<const std::uint8_t> classes;  ///< of items; empty: all are of class 0
    bool is_correction = false;             ///< of popularity: its weight is below 0

    double weight(ItemId item) const { return weights[classes.empty() ? 0 : classes[item]]; }
    double z(double raw) const {
      return moments.deviation > 0 ? (raw - moments.mean) / moments.deviation : 0;
    }
  };
  explicit BlendedSession(std::vector<Part> parts) : parts_(std::move(parts)) {}

  std::span<const Part> parts() const noexcept { return parts_; }
  /// The k best of `allowed` (null: all items) among the candidates: each part's top max(k, 1000), scored by
  /// all parts.
  BlendedTop top(std::size_t k, const ItemSet* allowed) const;
  /// Exact scores of the given items, in their order.
  void score(std::span<const ItemId> items, std::span<double> scores) const;
  /// Exact scores of items 0, 1, ... scores.size() - 1: the whole catalogue.
  void score_all(std::span<double> scores) const;

 private:
  std::vector<Part> parts_;
};

/// The weighted sum of models' z-scores: raw score of item i = sum over models m of w_m z_m(i), with z over
/// all items of a group before any filter, a missing score counted as 0 before standardising, and w_m that of
/// the session's length and of the item's events in training. Immutable, thread-safe; the models outlive it.
class Blend {
 public:
  /// Takes the named models out of `models`. events: of each item in training, by ItemId; empty: all items
  /// count as the most frequent ones. Throws std::invalid_argument when a model is missing, and for weights
  /// that do not fit.
  Blend(BlendWeights weights, std::span<const SessionModel* const> models,
        std::span<const float> events = {});

  const BlendWeights& weights() const noexcept { return weights_; }
  /// From now on strength times popularity's z-score is taken off every item, as one more part that answers
  /// only beside others and offers no candidates: long-tail items gain what popular ones lose (the logit
  /// adjustment of Menon et al., ICLR 2021, post hoc, in units of the blend). 0: nothing is. popularity
  /// outlives this; give it one that does not fade: what models lean to is what their training saw often.
  void correct_popularity(const SessionModel& popularity, double strength);
  /// Null when no part that weighs items with events knows anything of the session. Models that have an
  /// answer without any session, such as popularity, are parts only beside others. A model without weight for
  /// sessions of this length is left out.
  std::unique_ptr<BlendedSession> encode(const SessionView& session, ItemGroup group) const;
  /// encode() and top() in one; empty when no part knows anything of the session.
  BlendedTop top(const SessionView& session, std::size_t k, const ItemSet* allowed, ItemGroup group) const;

 private:
  BlendWeights weights_;
  std::vector<const SessionModel*> models_;  // in the order of weights_
  std::vector<char> needs_session_;          // whether a model says nothing without one
  std::size_t item_classes_ = 1;
  std::vector<double> table_;          // [length classes, models, item classes]
  std::vector<std::uint8_t> classes_;  // of items; empty: one class
  const SessionModel* popularity_ = nullptr;
  double correction_ = 0;  // below 0, or nothing is corrected
};

}  // namespace segue::index
