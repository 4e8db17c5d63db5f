#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/item.h"
#include "query/lucene/text_search.h"

namespace segue::query {

/// An item of the session that made a model rank a hit: "because of X".
struct Cause {
  index::ItemId item = index::kNoItem;
  /// Of the model's own score, above 0. Those of all items of the session sum to 1, or to more where others
  /// speak against the hit, as they can in content and mf.
  double share = 0;
};

/// What one model of a session leg thought of a hit: its share of the leg's raw score is weight * z.
struct ModelShare {
  std::string model;
  double weight = 0;
  double z = 0;                ///< the model's score in standard deviations from its mean over all items
  double raw = 0;              ///< the model's own score
  std::vector<Cause> because;  ///< the largest first; of models that add up over items (transitions,
                               ///< neighbours, content, mf)
};

/// How much one event of the session moved a hit: the leg's raw score less that of the session without the
/// event.
struct EventShare {
  index::ItemId item = index::kNoItem;
  std::string text;  ///< of a typed text that is no item
  double contribution = 0;
};

/// How much one value of context moved a hit: the leg's raw score less that of the session without the value.
struct ContextShare {
  std::string key;
  std::string value;
  bool of_request = false;  ///< of the moment of the request; false: of the session's events
  double contribution = 0;
};

/// An item near the hit in the space of a model.
struct Neighbour {
  index::ItemId item = index::kNoItem;
  double score = 0;
  bool in_session = false;
};

/// Why one leg holds a hit.
struct LegExplanation {
  std::string name;
  std::string source;                    ///< of a session: "models", "words" or "popularity"
  std::vector<TermScore> terms;          ///< of text
  std::vector<ModelShare> models;        ///< of a session
  std::vector<EventShare> events;        ///< of a session, the largest contribution first
  std::vector<Neighbour> neighbours;     ///< of a session or a vector
  std::vector<ContextShare> contexts{};  ///< of a session, the largest contribution first
  std::string half_life{};               ///< where popularity ranks: "30d", "none"; else empty
  /// Where popularity ranks and alike items are held apart: what the item lost by being like one above it,
  /// at most 0. The leg's raw score is popularity's with it.
  std::optional<double> diversity{};
};

/// What moved a hit: text terms, neighbours, the events of the session.
struct Explanation {
  std::vector<LegExplanation> legs;
};

}  // namespace segue::query
