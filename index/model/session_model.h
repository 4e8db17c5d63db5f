#pragma once

#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/model/session_view.h"

namespace segue::index {

/// Mean and standard deviation of a model's scores over a group of items; items without a score count as 0.
struct ScoreMoments {
  double mean = 0;
  double deviation = 0;
};

/// Which items the moments are taken over: those of every kind but `query`, or those of kind `query`.
enum class ItemGroup { kSearchable, kQueries };

/// A session as one model sees it: the result of encoding. Immutable, thread-safe; must not outlive its
/// model.
class EncodedSession {
 public:
  virtual ~EncodedSession() = default;
  /// The k best items of `allowed` (null: all) by (falling score, rising item). Items that the model has no
  /// score for do not appear.
  virtual std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const = 0;
  /// Scores of the given items, in their order; 0 for an item that the model does not know.
  virtual void score(std::span<const ItemId> items, std::span<double> scores) const = 0;
  /// score() of items 0, 1, ... scores.size() - 1: the whole catalogue. Models that have a faster way
  /// override it.
  virtual void score_all(std::span<double> scores) const {
    std::vector<ItemId> items(scores.size());
    std::iota(items.begin(), items.end(), ItemId{0});
    score(items, scores);
  }
  /// Over all items of the group, before any filter.
  virtual ScoreMoments moments(ItemGroup group) const = 0;
  /// Because of which of the session's items this one has its score: at most k of them, each once, with what
  /// it added, the largest part first. In a model that adds up (transitions, neighbours) the parts of all
  /// items sum to score(); one that does not say has none. For explanations: slower than scoring.
  virtual std::vector<ScoredItem> because([[maybe_unused]] ItemId item,
                                          [[maybe_unused]] std::size_t k) const {
    return {};
  }
};

/// A model that ranks all items for a session. Immutable, thread-safe.
class SessionModel {
 public:
  virtual ~SessionModel() = default;
  /// "transformer", "mf", "transitions", "item-neighbours", "user-neighbours", "session-neighbours",
  /// "popularity"
  virtual std::string_view name() const noexcept = 0;
  /// Whether the item takes part in a session of this model.
  virtual bool knows(ItemId item) const = 0;
  /// Null when the model knows nothing of the session.
  virtual std::unique_ptr<EncodedSession> encode(const SessionView& session) const = 0;
  /// Whether what it says comes from the session's events: not so for popularity and its kind, which are
  /// parts of a blend only beside others.
  virtual bool needs_session() const { return encode({}) == nullptr; }
};

}  // namespace segue::index
