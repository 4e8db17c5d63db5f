#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"
#include "index/suggestions/suggestion_table.h"
#include "query/suggest/suggest_options.h"

namespace segue::query {

/// What a user did before typing, oldest first: texts that were typed, and items with their titles.
struct SuggestSession {
  struct Entry {
    std::string text;                     ///< as typed; of an item its title
    index::ItemId item = index::kNoItem;  ///< kNoItem: a text that is no item
    bool typed = false;                   ///< a query, not an item that was looked at
  };
  std::vector<Entry> entries;
};

/// Scores of items by the models, as z-scores: 0 for what the models do not know, in units of the standard
/// deviation over all items of the same group. Both spans have one length. Must be callable from the thread
/// that ranks.
using ItemScorer = std::function<void(std::span<const index::ItemId>, std::span<double>)>;

/// What the models say of a session. Without a scorer they know nothing of it, and words and popularity
/// decide.
struct ModelEvidence {
  ItemScorer score;
  std::vector<index::ItemId> best;  ///< the items that the models put first, the best one first
};

/// A session as the ranking of suggestions takes it: prepared once, used for every key press. Belongs to one
/// table. A value; const use is thread-safe when the scorer is.
struct SessionEvidence {
  struct Word {
    index::SuggestionWords::WordId id;
    double weight;  ///< in (0, 1]: how newly it was said
    double inverse_frequency;
  };
  std::vector<Word> words;                            ///< by id, each once
  std::vector<std::string> asked;                     ///< folded texts that were typed, sorted
  std::vector<index::SuggestionTable::Row> own_rows;  ///< suggestions that are texts of the session, sorted
  std::vector<index::SuggestionTable::Row> related;   ///< suggestions of ModelEvidence::best, in its order
  ItemScorer score;

  /// Weight of a word in the session, 0 for a word that it does not have.
  double weight_of(index::SuggestionWords::WordId id) const;
};

/// Takes microseconds: looks up the words of the newest texts. An empty session gives empty evidence.
SessionEvidence gather_evidence(const index::SuggestionTable& table, const SuggestSession& session,
                                ModelEvidence models, const SuggestOptions& options = {});

}  // namespace segue::query
