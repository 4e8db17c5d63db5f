#include "query/facets.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <compare>
#include <map>
#include <optional>

namespace segue::query {
namespace {

using index::AttributeValue;
using index::Catalogue;
using index::ItemId;

std::vector<ItemId> members(const index::ItemSet& items) {
  std::vector<ItemId> found;
  const auto words = items.words();
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
      found.push_back(static_cast<ItemId>(w * 64 + static_cast<std::size_t>(std::countr_zero(word))));
    }
  }
  return found;
}

std::string number_text(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, error == std::errc() ? end : buffer};
}

std::vector<std::string> texts_of(const Catalogue& catalogue, ItemId item, std::string_view attribute) {
  if (attribute == "kind") return {std::string(catalogue.kind(item))};
  const std::optional<AttributeValue> found = catalogue.attribute(item, attribute);
  if (!found) return {};
  if (const auto* text = std::get_if<std::string>(&*found)) return {*text};
  if (const auto* number = std::get_if<double>(&*found)) return {number_text(*number)};
  if (const auto* truth = std::get_if<bool>(&*found)) return {*truth ? "true" : "false"};
  return std::get<std::vector<std::string>>(*found);
}

/// What an item is sorted by: kind of value first, so that values of different types have an order too.
struct SortKey {
  int type = 3;  // 0 number, 1 truth value, 2 text, 3 none
  double number = 0;
  std::string text;
};

SortKey key_of(const Catalogue& catalogue, ItemId item, const std::string& attribute) {
  if (attribute == "title") {
    const std::string_view title = catalogue.title(item);
    return title.empty() ? SortKey{} : SortKey{2, 0, std::string(title)};
  }
  const std::optional<AttributeValue> found = catalogue.attribute(item, attribute);
  if (!found) return {};
  if (const auto* number = std::get_if<double>(&*found)) return {0, *number, {}};
  if (const auto* truth = std::get_if<bool>(&*found)) return {1, *truth ? 1.0 : 0.0, {}};
  if (const auto* text = std::get_if<std::string>(&*found)) return {2, 0, *text};
  const auto& list = std::get<std::vector<std::string>>(*found);
  return list.empty() ? SortKey{} : SortKey{2, 0, list.front()};
}

/// Below, at or above zero, as a stands before, with or behind b in rising order; items without a value
/// always last.
int compare(const SortKey& a, const SortKey& b, bool falling) {
  if (a.type == 3 || b.type == 3) return (a.type == 3 ? 1 : 0) - (b.type == 3 ? 1 : 0);
  int order = a.type - b.type;
  if (order == 0) order = a.number < b.number ? -1 : a.number > b.number ? 1 : a.text.compare(b.text);
  return falling ? -order : order;
}

}  // namespace

std::vector<FacetCount> count_values(const index::Catalogue& catalogue, const index::ItemSet& items,
                                     std::string_view attribute) {
  std::map<std::string, std::size_t> counts;
  for (const ItemId item : members(items)) {
    for (const std::string& text : texts_of(catalogue, item, attribute)) ++counts[text];
  }
  std::vector<FacetCount> facets;
  for (const auto& [value, count] : counts) facets.push_back({value, count});
  std::stable_sort(facets.begin(), facets.end(),
                   [](const FacetCount& a, const FacetCount& b) { return a.count > b.count; });
  return facets;
}

std::vector<ItemId> sort_by_attributes(const index::Catalogue& catalogue, const index::ItemSet& items,
                                       std::span<const std::string> attributes) {
  std::vector<ItemId> order = members(items);
  struct Column {
    bool falling;
    std::vector<SortKey> keys;
  };
  std::vector<Column> columns;
  for (const std::string& attribute : attributes) {
    Column column{attribute.starts_with('-'), {}};
    const std::string name = column.falling ? attribute.substr(1) : attribute;
    column.keys.resize(catalogue.size());
    for (const ItemId item : order) column.keys[item] = key_of(catalogue, item, name);
    columns.push_back(std::move(column));
  }
  std::stable_sort(order.begin(), order.end(), [&](ItemId a, ItemId b) {
    for (const Column& column : columns) {
      if (const int c = compare(column.keys[a], column.keys[b], column.falling); c != 0) return c < 0;
    }
    return false;
  });
  return order;
}

}  // namespace segue::query
