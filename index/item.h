#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace segue::index {

/// A row of a snapshot's catalogue. Rows are sorted by the bytes of the items' ids, and a row is also the
/// document number of the text index: comparing two ItemIds of one snapshot compares the ids' bytes, which is
/// how ties are broken everywhere. An ItemId means nothing in another snapshot.
using ItemId = std::uint32_t;
inline constexpr ItemId kNoItem = 0xffffffffu;

/// The kind of items that people type: suggestions.
inline constexpr std::string_view kQueryKind = "query";
/// The name of Item::vector among the kinds of given vectors.
inline constexpr std::string_view kGivenVector = "content";

using AttributeValue = std::variant<std::string, double, bool, std::vector<std::string>>;

/// One line of items.jsonl: a product, an article, a query that people type.
struct Item {
  std::string id;  ///< 1 to 256 bytes of UTF-8, unique
  std::string kind = "item";
  std::string title;  ///< may be empty
  std::string text;   ///< may be empty
  std::map<std::string, AttributeValue> attributes;
  std::vector<float> vector;                                       ///< outside embedding; empty: none
  std::optional<double> weight;                                    ///< prior, for example a query's frequency
  std::map<std::string, std::vector<float>, std::less<>> vectors;  ///< more embeddings by kind: "image"

  friend bool operator==(const Item&, const Item&) = default;
};

/// An item with a score, the currency between models, legs and fusion.
struct ScoredItem {
  ItemId item = kNoItem;
  double score = 0;
  friend bool operator==(const ScoredItem&, const ScoredItem&) = default;
};

/// The order of every ranking: falling score, then the bytes of the id.
constexpr bool ranks_before(const ScoredItem& a, const ScoredItem& b) {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

}  // namespace segue::index
