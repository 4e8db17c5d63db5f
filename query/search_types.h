#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/event.h"
#include "index/item.h"
#include "query/explanation.h"
#include "query/moment.h"
#include "query/operators/bind.h"
#include "query/params.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// One search, as a request asks for it (docs/file-formats.md names the JSON keys).
struct SearchRequest {
  std::string query;  ///< extended syntax
  Params params;
  TextMode mode = TextMode::kLenient;  ///< how the text of $name clauses is read
  std::string filter;                  ///< a query in the same syntax that every hit must match; empty: none
  std::string kind;  ///< hits of this kind alone; empty: every kind but `query`, unless a query names `kind`
  std::size_t size = 10;
  std::size_t offset = 0;
  std::vector<std::string> sort;    ///< attributes, a leading '-' for falling; empty: by score
  std::vector<std::string> facets;  ///< attributes whose values are counted over all matches
  bool explain = false;
  const std::vector<index::Event>* session =
      nullptr;  ///< what {!session} without ctx takes: the user's newest session
  Moment moment;
};

/// How a hit stood in one leg.
struct HitLeg {
  std::string name;
  std::optional<std::size_t>
      rank;          ///< in the leg; none for the text part of a boolean query, which is never ranked alone
  double raw = 0;    ///< the leg's own score
  double score = 0;  ///< what it added to the score around it
};

struct SearchHit {
  index::ItemId item = index::kNoItem;
  std::size_t rank = 0;  ///< from 1, offset included
  double score = 0;
  std::vector<HitLeg> legs;
  std::optional<Explanation> explanation;
};

struct FacetCount {
  std::string value;
  std::size_t count = 0;
};

struct SearchResult {
  bool ok = true;            ///< false: a diagnostic is an error, and there are no hits
  bool suggestions = false;  ///< the hits are suggestions
  std::vector<SearchHit> hits;
  std::vector<std::string> texts;  ///< of suggestions: what is shown, one for each hit; else empty
  std::size_t total = 0;
  bool total_exact = true;
  bool partial = false;
  std::map<std::string, std::vector<FacetCount>> facets;  ///< per attribute, falling count, then value
  std::vector<syntax::Diagnostic> diagnostics;
  std::size_t skipped = 0;  ///< events of the session on items that are not in the snapshot
};

}  // namespace segue::query
