#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item_set.h"
#include "index/suggestions/suggestion_table.h"
#include "query/suggest/session_evidence.h"
#include "query/suggest/suggest_options.h"

namespace segue::query {

/// One reason for the place of a suggestion.
struct SuggestionPart {
  double raw = 0;    ///< popularity, match, words: in [0, 1]; model: a z-score
  double added = 0;  ///< what it added to the score
};

struct SuggestionHit {
  std::string text;  ///< as shown
  std::string folded;
  index::ItemId item = index::kNoItem;
  index::SuggestionSource source = index::SuggestionSource::kQueryItem;
  double score = 0;  ///< the sum of what the parts added
  SuggestionPart popularity;
  SuggestionPart match;
  SuggestionPart model;
  SuggestionPart words;
  SuggestionPart diversity;  ///< raw: how like one above it, from 0 to 1; adds 0 or less
};

struct SuggestQuery {
  std::string_view folded_prefix;  ///< of fold_prefix(); empty: the session alone decides, else popularity
  std::size_t size = 8;
  const index::ItemSet* allowed = nullptr;  ///< items that may be suggested; null: all
  /// What a suggestion loses whose words all stand in one above it, in shares of them; 0: they may be alike.
  double twins = 0;
};

/// How much of what a suggestion says another one says, too: the share of its words, each by its inverse
/// frequency, that the other one has.
double likeness(const index::SuggestionTable& table, index::SuggestionTable::Row row,
                index::SuggestionTable::Row other);

/// How well typed letters fit a text that begins with them: half for the share of the text that has been
/// typed, half where they end a word of it. 1 for the whole text, 0 when nothing was typed.
double match_quality(std::string_view folded_prefix, std::string_view folded);

/// A z-score on a scale where one more standard deviation counts less the more there are: sign(z) ln(1 + |z|)
/// / ln 11. Scores of sessions have long tails, and an item at z = 30 must not drown words and popularity.
double damped(double z);

/// The share of a suggestion's words that the session has spoken of: each word of the row counts with its
/// inverse frequency, times its weight in the session. 0 for a text of the session itself, which is no news.
double word_overlap(const index::SuggestionTable& table, index::SuggestionTable::Row row,
                    const SessionEvidence& evidence);

/// The best suggestions, by (falling score, rising item). With twins each next one is the best after what it
/// loses by the nearest one above it (maximal marginal relevance). A text that the session has typed already
/// is not suggested again, unless it is what is being typed. A pure function; thread-safe when the scorer of
/// the evidence is.
std::vector<SuggestionHit> rank_suggestions(const index::SuggestionTable& table, const SuggestQuery& query,
                                            const SessionEvidence& evidence,
                                            const SuggestOptions& options = {});

}  // namespace segue::query
