#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "index/event.h"
#include "index/snapshot/snapshot.h"
#include "query/limits.h"
#include "query/search_types.h"
#include "query/suggest/suggest_types.h"

namespace segue::query {

/// Answers queries on one snapshot: parses, binds parameters, runs the operators, scores the text, fuses,
/// explains. Thread-safe; the snapshot must outlive it.
class QueryEngine {
 public:
  QueryEngine(const index::Snapshot& snapshot, const Limits& limits);
  ~QueryEngine();

  /// Never throws for what a user typed: a query that cannot be understood gives diagnostics and no hits.
  SearchResult search(const SearchRequest& request) const;
  /// Suggestions for the letters typed so far, the best first; the legs of a hit are "popularity", "match",
  /// "model", "words" and "diversity": what each added to the score.
  SearchResult suggest(const SuggestRequest& request) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::query
