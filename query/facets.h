#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/item_set.h"
#include "query/search_types.h"

namespace segue::query {

/// How often each value of an attribute occurs among the items: falling count, then the value's bytes; of a
/// list each entry counts. `kind` counts the kinds. Values are written as they stand in answers (numbers
/// shortest).
std::vector<FacetCount> count_values(const index::Catalogue& catalogue, const index::ItemSet& items,
                                     std::string_view attribute);

/// The items ordered by attributes, a leading '-' for falling order; numbers before truth values before
/// texts, lists by their first entry; items without the attribute last; ties by id.
std::vector<index::ItemId> sort_by_attributes(const index::Catalogue& catalogue, const index::ItemSet& items,
                                              std::span<const std::string> attributes);

}  // namespace segue::query
