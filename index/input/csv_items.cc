#include "index/input/csv_items.h"

#include <algorithm>

#include "index/input/json_text.h"
#include "index/input/title_text.h"

namespace segue::index {
namespace {

using Attribute = CsvImportConfig::Attribute;

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string small = to_lower(text);
  if (small == "true" || small == "yes" || small == "1") return true;
  if (small == "false" || small == "no" || small == "0") return false;
  return {};
}

std::vector<std::string> split_list(std::string_view text, std::string_view separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = trim(text.substr(0, end));
    if (!part.empty()) out.emplace_back(part);
    if (end == text.size()) return out;
    text.remove_prefix(end + separator.size());
  }
}

std::optional<AttributeValue> convert(const std::string& text, const Attribute& attribute) {
  switch (attribute.type) {
    case Attribute::Type::kNumber:
      if (const auto number = parse_number(text)) return *number;
      return {};
    case Attribute::Type::kBoolean:
      if (const auto flag = parse_boolean(text)) return *flag;
      return {};
    case Attribute::Type::kList:
      return split_list(text, attribute.separator);
    case Attribute::Type::kText:
      break;
  }
  return text;
}

}  // namespace

void ValueChooser::add(std::string_view value, Choice choice) {
  if (value.empty()) return;
  if (!values_.empty() && choice == Choice::kFirst) return;
  if (choice == Choice::kLast) values_.clear();
  const auto order = static_cast<std::uint32_t>(values_.size());
  ++values_.try_emplace(std::string(value), Count{0, order}).first->second.rows;
}

std::optional<std::string> ValueChooser::choose(Choice choice) const {
  if (values_.empty()) return {};
  // The first of the most frequent; for kFirst and kLast there is only one.
  const auto most = std::max_element(values_.begin(), values_.end(), [](const auto& a, const auto& b) {
    return a.second.rows != b.second.rows ? a.second.rows < b.second.rows : a.second.order > b.second.order;
  });
  if (choice != Choice::kMedian) return most->first;
  std::vector<std::pair<double, std::size_t>> numbers;
  std::size_t total = 0;
  for (const auto& [value, count] : values_) {
    const auto number = parse_number(value);
    if (!number) continue;
    numbers.emplace_back(*number, count.rows);
    total += count.rows;
  }
  if (total == 0) return most->first;  // no number at all: the caller counts it
  std::sort(numbers.begin(), numbers.end());
  const auto at = [&numbers](std::size_t rank) {
    std::size_t seen = 0;
    for (const auto& [number, rows] : numbers) {
      seen += rows;
      if (rank < seen) return number;
    }
    return numbers.back().first;
  };
  std::string text;
  append_json(text, (at((total - 1) / 2) + at(total / 2)) / 2);
  return text;
}

void CsvItems::add(const Row& row) {
  Collected& item = items_[std::string(row.id)];
  ++item.rows;
  item.title.add(collapse_blanks(row.title), config_.titles.choose);
  item.text.add(row.text, Choice::kLast);
  item.kind.add(row.kind, Choice::kLast);
  item.attributes.resize(config_.attributes.size());
  std::size_t number = 0;
  for (const auto& [name, attribute] : config_.attributes) {
    item.attributes[number].add(row.attributes[number], attribute.choose);
    ++number;
  }
}

Item CsvItems::make(const std::string& id, const Collected& collected, Counts& counts) const {
  Item item;
  item.id = id;
  item.kind = collected.kind.choose(Choice::kLast).value_or(config_.items.kind);
  item.title = collected.title.choose(config_.titles.choose).value_or("");
  if (config_.titles.sentence_case) item.title = sentence_case(item.title, config_.titles.words);
  item.text = collected.text.choose(Choice::kLast).value_or("");
  if (config_.items.weight_by_rows) item.weight = collected.rows;
  std::size_t number = 0;
  for (const auto& [name, attribute] : config_.attributes) {
    const std::optional<std::string> chosen = collected.attributes[number++].choose(attribute.choose);
    if (!chosen) continue;
    std::optional<AttributeValue> value = convert(*chosen, attribute);
    counts.unreadable_values += value ? 0 : 1;
    if (value) item.attributes[name] = std::move(*value);
  }
  counts.untitled += item.title.empty() ? 1 : 0;
  counts.retitled += collected.title.ambiguous() ? 1 : 0;
  return item;
}

std::vector<Item> CsvItems::finish(Counts& counts) const {
  std::vector<Item> out;
  out.reserve(items_.size());
  for (const auto& [id, collected] : items_) out.push_back(make(id, collected, counts));
  std::sort(out.begin(), out.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  return out;
}

}  // namespace segue::index
