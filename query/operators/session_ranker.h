#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/model/session_model.h"
#include "index/snapshot/snapshot.h"
#include "query/explanation.h"
#include "query/operators/session_context.h"

namespace segue::query {

/// A session as a ranking of all items: by a model or the blend of all, by the session's words where no model
/// knows it, by popularity where there are no words either. Immutable, thread-safe; snapshot must outlive it.
class SessionRanker {
 public:
  /// What the ranking rests on.
  enum class Source { kModels, kWords, kPopularity };

  /// model: "blend" or the name of one; a model that the snapshot lacks counts as knowing nothing.
  SessionRanker(const index::Snapshot& snapshot, SessionContext session, std::string_view model,
                index::ItemGroup group);
  ~SessionRanker();

  Source source() const;
  std::string_view source_name() const;  ///< "models", "words", "popularity"
  const SessionContext& session() const;
  /// Whether alike items are held apart in top(): where nothing is known of the session and popularity ranks
  /// (diversify.h). score() does not know of it.
  bool diversifies() const;

  /// The k best of allowed by raw score.
  std::vector<index::ScoredItem> top(std::size_t k, const index::ItemSet* allowed) const;
  /// Raw scores of given items; an item that nothing speaks for has 0 from that part.
  std::vector<double> score(std::span<const index::ItemId> items) const;

  /// Each model's part in an item's raw score, with the `causes` items of the session that it rests on most.
  std::vector<ModelShare> shares(index::ItemId item, std::size_t causes = 3) const;
  /// How the newest events moved an item: raw score less that of the session without the event, the largest
  /// first; of at most `most` events. Costs one encoding an event.
  std::vector<EventShare> event_shares(index::ItemId item, std::size_t most = 20) const;
  /// How the values of context moved an item, those of the request and those of the session's events: raw
  /// score less that of the session without the value, the largest first. Costs one encoding a value.
  std::vector<ContextShare> context_shares(index::ItemId item) const;
  /// The items nearest to an item in the space of the first model that has one; the session's own items
  /// marked.
  std::vector<Neighbour> neighbours(index::ItemId item, std::size_t k = 3) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::query
