#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item.h"
#include "index/model/session_view.h"
#include "index/model/training_data.h"

namespace segue::index {

/// A pause in a session, in seconds, that is longer than this ends a visit: the half hour of web analytics.
inline constexpr double kVisitPause = 1800;

/// Which items of a session are left out of what it leads to: none, all, its `newest` newest distinct items,
/// or those of the visit under way, which is what lies after the last pause longer than kVisitPause: nothing
/// at all where such a pause lies before the moment that is asked for. Events of unknown time belong to the
/// visit of those around them.
struct SeenRule {
  enum class Kind { kInclude, kExclude, kLast, kVisit };
  Kind kind = Kind::kInclude;
  std::size_t newest = 0;  ///< of kLast, at least 1

  static SeenRule include() { return {}; }
  static SeenRule exclude() { return {Kind::kExclude, 0}; }
  static SeenRule visit() { return {Kind::kVisit, 0}; }
  static SeenRule last(std::size_t n) { return n == 0 ? include() : SeenRule{Kind::kLast, n}; }
  friend bool operator==(const SeenRule&, const SeenRule&) = default;
};

/// "include", "exclude", "visit", "last:2": as the query language and the manifest write it.
std::string to_string(const SeenRule& rule);
/// The reverse; nothing for any other text ("last:0" too).
std::optional<SeenRule> parse_seen_rule(std::string_view text);

/// The rules that validation chooses among, those that leave out less first: include, the last 1 to 3, the
/// visit (unless every session is a single one), exclude.
std::vector<SeenRule> seen_rule_candidates(std::span<const HeldOut> held_out);

/// The distinct items that the rule leaves out for a session, newest first. Repeats count once.
std::vector<ItemId> left_out(const SeenRule& rule, const SessionView& session);

}  // namespace segue::index
