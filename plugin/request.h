#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/event.h"
#include "query/search_types.h"

namespace segue::plugin {

/// One line of requests.jsonl: a search (`query`) or a suggestion (`suggest`).
struct Request {
  std::string id;
  query::SearchRequest search;         ///< of a search; kind, filter and size also of a suggestion
  std::optional<std::string> suggest;  ///< the letters typed so far; set: this is a suggestion
  std::vector<index::Event> ctx;       ///< of a suggestion: the session, oldest first
  bool has_ctx = false;
  std::string user;                 ///< without ctx: the user's newest session in the store
  std::vector<std::string> fields;  ///< what comes back with each hit: title, text, attributes; "*" for all
  std::map<std::string, std::string> context;  ///< of the moment of the request, as events have it
  std::optional<double> time;                  ///< of the request: tells hour and weekday
  std::string snapshot;                        ///< the id that must serve it; empty: any
  std::vector<std::string> warnings;           ///< keys that were ignored since nothing knows them
};

/// A field of an item as it goes into an answer.
using FieldValue = index::AttributeValue;

struct AnswerHit {
  std::string id;
  std::string kind;
  std::string text;  ///< of a suggestion: what is shown; of a hit: its title
  query::SearchHit hit;
  std::map<std::string, FieldValue> fields;
};

/// What a request gets. Values only: it outlives the snapshot that it came from.
struct Answer {
  std::string snapshot;
  bool ok = true;  ///< false: a diagnostic says what is wrong with the request
  bool suggestion = false;
  std::vector<AnswerHit> hits;
  std::size_t total = 0;
  bool total_exact = true;
  bool partial = false;
  std::map<std::string, std::vector<query::FacetCount>> facets;
  std::vector<query::syntax::Diagnostic> diagnostics;
  std::size_t skipped = 0;
  std::map<index::ItemId, std::pair<std::string, std::string>>
      names;  ///< id and title of items in explanations
};

}  // namespace segue::plugin
