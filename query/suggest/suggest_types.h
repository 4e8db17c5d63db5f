#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "index/event.h"
#include "query/search_types.h"

namespace segue::query {

struct SuggestRequest {
  std::string typed;                      ///< the letters typed so far; may be empty
  std::span<const index::Event> session;  ///< oldest event first
  std::size_t size = 8;
  std::size_t offset = 0;
  std::string kind;    ///< only items of this kind; empty: all
  std::string filter;  ///< a query that the suggested item must match; empty: none
  Params params;       ///< what the filter names
  bool explain = false;
  Moment moment{};
};

}  // namespace segue::query
