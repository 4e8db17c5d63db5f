#include "index/model/seen_rule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_set>

namespace segue::index {

namespace {

constexpr std::string_view kLastPrefix = "last:";

/// The place of the first event of the visit under way; 0 for a session without times.
std::size_t visit_begin(const SessionView& session) {
  if (session.times.empty()) return 0;
  double later = session.now;  // of the nearest later event whose time is known
  for (std::size_t i = session.times.size(); i-- > 0;) {
    const double time = session.times[i];
    if (std::isnan(time)) continue;
    if (later - time > kVisitPause) return i + 1;
    later = time;
  }
  return 0;
}

}  // namespace

std::string to_string(const SeenRule& rule) {
  switch (rule.kind) {
    case SeenRule::Kind::kExclude:
      return "exclude";
    case SeenRule::Kind::kVisit:
      return "visit";
    case SeenRule::Kind::kLast:
      return std::string(kLastPrefix) + std::to_string(rule.newest);
    case SeenRule::Kind::kInclude:
      break;
  }
  return "include";
}

std::optional<SeenRule> parse_seen_rule(std::string_view text) {
  if (text == "include") return SeenRule::include();
  if (text == "exclude") return SeenRule::exclude();
  if (text == "visit") return SeenRule::visit();
  if (!text.starts_with(kLastPrefix)) return std::nullopt;
  const std::string_view digits = text.substr(kLastPrefix.size());
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc{} || end != digits.data() + digits.size() || n == 0) return std::nullopt;
  return SeenRule::last(n);
}

std::vector<SeenRule> seen_rule_candidates(std::span<const HeldOut> held_out) {
  const bool pauses = std::any_of(held_out.begin(), held_out.end(),
                                  [](const HeldOut& one) { return visit_begin(one.view()) > 0; });
  std::vector<SeenRule> rules{SeenRule::include(), SeenRule::last(1), SeenRule::last(2), SeenRule::last(3)};
  if (pauses) rules.push_back(SeenRule::visit());
  rules.push_back(SeenRule::exclude());
  return rules;
}

std::vector<ItemId> left_out(const SeenRule& rule, const SessionView& session) {
  std::vector<ItemId> items;
  if (rule.kind == SeenRule::Kind::kInclude) return items;
  const std::size_t begin = rule.kind == SeenRule::Kind::kVisit ? visit_begin(session) : 0;
  std::unordered_set<ItemId> known;
  for (std::size_t i = session.items.size(); i-- > begin;) {
    if (rule.kind == SeenRule::Kind::kLast && items.size() == rule.newest) break;
    if (known.insert(session.items[i]).second) items.push_back(session.items[i]);
  }
  return items;
}

}  // namespace segue::index
