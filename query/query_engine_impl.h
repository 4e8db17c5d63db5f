#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "index/item_set.h"
#include "query/lucene/text_search.h"
#include "query/operators/operator_runner.h"
#include "query/query_engine.h"

namespace segue::query {

/// The engine's inside, shared by the files that implement it.
struct QueryEngine::Impl {
  const index::Snapshot& snapshot;
  Limits limits;
  TextSearch text;

  Impl(const index::Snapshot& s, const Limits& l) : snapshot(s), limits(l), text(s.text(), s.bm25()) {}

  SearchResult search(const SearchRequest& request) const;
  SearchResult suggest(const SuggestRequest& request) const;

  /// Parses, binds and checks; empty after an error.
  std::optional<syntax::Node> prepare(std::string_view query, const SearchRequest& request,
                                      std::vector<syntax::Diagnostic>& diagnostics) const;
  /// The items that may be hits of a search: of the kind asked for, or of every kind but `query` unless the
  /// query or the filter names kinds itself; matching the filter. Sets the group for a kind. Empty after an
  /// error.
  std::optional<index::ItemSet> allowed_items(const SearchRequest& request, const syntax::Node& query,
                                              index::ItemGroup& group, SearchResult& result) const;
  /// The items of `kinds` (none: as above) that match the request's filter. Empty after an error.
  std::optional<index::ItemSet> narrow(const SearchRequest& request, std::optional<index::ItemSet> kinds,
                                       index::ItemGroup group, SearchResult& result) const;
  RunContext context_for(const SearchRequest& request, const index::ItemSet& allowed, index::ItemGroup group,
                         SearchResult& result) const {
    return {snapshot,        text,           limits,
            request.params,  allowed,        group,
            request.session, request.moment, result.diagnostics,
            result.skipped};
  }
  SearchResult suggest_as_search(const syntax::Node& tree, const SearchRequest& request,
                                 SearchResult result) const;
  void fill_hits(const syntax::Node& tree, const std::vector<RunLeg>& legs, const OperatorScores& scores,
                 std::span<const index::ScoredItem> page, const SearchRequest& request,
                 const RunContext& context, SearchResult& result) const;
};

}  // namespace segue::query
