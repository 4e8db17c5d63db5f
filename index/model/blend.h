#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/model/session_model.h"

namespace segue::index {

/// What a blend is made of: models by name, each with a weight above 0. Kept in the manifest.
struct BlendWeights {
  std::vector<std::string> models;
  std::vector<double> weights;  ///< one per model; the fitted ones sum to 1
  friend bool operator==(const BlendWeights&, const BlendWeights&) = default;
};

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
    double weight;
    std::unique_ptr<EncodedSession> session;
    ScoreMoments moments;
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
/// all items of a group before any filter, and a missing score counted as 0 before standardising. Immutable,
/// thread-safe; the models outlive it.
class Blend {
 public:
  /// Takes the named models out of `models`. Throws std::invalid_argument when one is missing, when names and
  /// weights differ in number, or for a weight that is not above 0.
  Blend(BlendWeights weights, std::span<const SessionModel* const> models);

  const BlendWeights& weights() const noexcept { return weights_; }
  /// Null when no part knows anything of the session.
  std::unique_ptr<BlendedSession> encode(const SessionView& session, ItemGroup group) const;
  /// encode() and top() in one; empty when no part knows anything of the session.
  BlendedTop top(const SessionView& session, std::size_t k, const ItemSet* allowed, ItemGroup group) const;

 private:
  BlendWeights weights_;
  std::vector<const SessionModel*> models_;  // in the order of weights_
};

}  // namespace segue::index
