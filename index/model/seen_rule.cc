#include "index/model/seen_rule.h"

#include <charconv>
#include <system_error>
#include <unordered_set>

namespace segue::index {

namespace {
constexpr std::string_view kLastPrefix = "last:";
}

std::string to_string(const SeenRule& rule) {
  switch (rule.kind) {
    case SeenRule::Kind::kExclude:
      return "exclude";
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
  if (!text.starts_with(kLastPrefix)) return std::nullopt;
  const std::string_view digits = text.substr(kLastPrefix.size());
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc{} || end != digits.data() + digits.size() || n == 0) return std::nullopt;
  return SeenRule::last(n);
}

std::vector<SeenRule> seen_rule_candidates() {
  return {SeenRule::include(), SeenRule::last(1), SeenRule::last(2), SeenRule::last(3), SeenRule::exclude()};
}

std::vector<ItemId> left_out(const SeenRule& rule, std::span<const ItemId> session) {
  std::vector<ItemId> items;
  if (rule.kind == SeenRule::Kind::kInclude) return items;
  std::unordered_set<ItemId> known;
  for (std::size_t i = session.size(); i-- > 0;) {
    if (rule.kind == SeenRule::Kind::kLast && items.size() == rule.newest) break;
    if (known.insert(session[i]).second) items.push_back(session[i]);
  }
  return items;
}

}  // namespace segue::index
