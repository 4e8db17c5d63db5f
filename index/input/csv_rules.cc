#include "index/input/csv_rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <regex>
#include <stdexcept>

#include "index/input/title_text.h"

namespace segue::index {
namespace {

/// std::regex recurses for every character it matches: long fields would overflow the stack.
constexpr std::size_t kLongestMatched = 4096;

}  // namespace

struct FieldTest::Pattern {
  std::regex regex;
};

FieldTest FieldTest::pattern(const std::string& expression) {
  FieldTest test(Kind::kPattern);
  try {
    test.pattern_ = std::make_shared<Pattern>(
        Pattern{std::regex(expression, std::regex::ECMAScript | std::regex::optimize)});
  } catch (const std::regex_error& error) {
    throw std::invalid_argument(error.what());
  }
  return test;
}

bool FieldTest::operator()(std::string_view field) const {
  switch (kind_) {
    case Kind::kAlways:
      return true;
    case Kind::kEmpty:
      return field.empty();
    case Kind::kEquals:
      return std::find(texts_.begin(), texts_.end(), field) != texts_.end();
    case Kind::kPrefix:
      return std::any_of(texts_.begin(), texts_.end(),
                         [field](const std::string& text) { return field.starts_with(text); });
    case Kind::kPattern: {
      const std::string_view head = field.substr(0, kLongestMatched);
      return std::regex_search(head.begin(), head.end(), pattern_->regex);
    }
    case Kind::kAtMost: {
      const std::optional<double> number = parse_number(field);
      return number && *number <= bound_;
    }
    case Kind::kAtLeast: {
      const std::optional<double> number = parse_number(field);
      return number && *number >= bound_;
    }
    case Kind::kNoNumber:
      return !parse_number(field);
  }
  return false;
}

bool MendRule::apply(std::string& field) const {
  if (!test(field)) return false;
  std::string mended;
  switch (change) {
    case Change::kUpper:
      mended = to_upper(field);
      break;
    case Change::kLower:
      mended = to_lower(field);
      break;
    case Change::kSet:
      mended = text;
      break;
    case Change::kRemovePrefix:
      mended = field.starts_with(text) ? field.substr(text.size()) : field;
      break;
    case Change::kRemoveSuffix:
      mended = field.ends_with(text) ? field.substr(0, field.size() - text.size()) : field;
      break;
  }
  if (mended == field) return false;
  field = std::move(mended);
  return true;
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

}  // namespace segue::index
