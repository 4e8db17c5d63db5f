#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// Which items of a session are left out of what it leads to: none, all, or its `newest` newest distinct
/// items.
struct SeenRule {
  enum class Kind { kInclude, kExclude, kLast };
  Kind kind = Kind::kInclude;
  std::size_t newest = 0;  ///< of kLast, at least 1

  static SeenRule include() { return {}; }
  static SeenRule exclude() { return {Kind::kExclude, 0}; }
  static SeenRule last(std::size_t n) { return n == 0 ? include() : SeenRule{Kind::kLast, n}; }
  friend bool operator==(const SeenRule&, const SeenRule&) = default;
};

/// "include", "exclude", "last:2": as the query language and the manifest write it.
std::string to_string(const SeenRule& rule);
/// The reverse; nothing for any other text ("last:0" too).
std::optional<SeenRule> parse_seen_rule(std::string_view text);

/// The rules that validation chooses among, those that leave out less first: include, the last 1 to 3,
/// exclude.
std::vector<SeenRule> seen_rule_candidates();

/// The distinct items that the rule leaves out for a session (oldest first), newest first. Repeats count
/// once.
std::vector<ItemId> left_out(const SeenRule& rule, std::span<const ItemId> session);

}  // namespace segue::index
