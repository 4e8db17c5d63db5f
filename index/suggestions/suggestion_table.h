#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/catalogue.h"
#include "index/suggestions/range_minima.h"
#include "index/suggestions/suggestion_words.h"

namespace segue::index {

/// Where a suggestion comes from; the order is the order of preference for one and the same folded text.
enum class SuggestionSource : std::uint8_t { kQueryItem = 0, kTitle = 1 };

/// One suggestion of the table. Views live as long as the table.
struct Suggestion {
  std::string_view folded;  ///< the key: folded text
  std::string_view text;    ///< as shown
  ItemId item = kNoItem;    ///< the item of kind `query`, or the item whose title it is
  SuggestionSource source = SuggestionSource::kQueryItem;
  float weight = 0;  ///< popularity in [0, 1], see SuggestionTable::build
};

/// All texts that may be suggested, sorted by the bytes of the folded text, each folded text once. Immutable,
/// thread-safe; mapped from one safetensors file, suggest/table.safetensors (docs/file-formats.md names its
/// tensors).
class SuggestionTable {
 public:
  using Row = std::uint32_t;

  /// Longer titles are names to read, not texts that anybody would type; items of kind `query` have no such
  /// bound.
  static constexpr std::size_t kLongestTitle = 120;  ///< bytes of the folded title
  static constexpr std::size_t kMostTitleWords = 12;

  /// Writes the table of a catalogue. counts: events per item, [items] (empty: none). Deterministic.
  ///
  /// The popularity of an item is ln(1 + events + prior weight). Of items with one folded text the one
  /// suggested is of kind `query` before any other, then the more popular, then of the smaller id; the text's
  /// weight is the popularity of the most popular of them, divided by the largest in the table. Throws
  /// std::invalid_argument for counts of another size, Error (kResource) when the file cannot be written.
  static void build(const Catalogue& catalogue, std::span<const float> counts,
                    const std::filesystem::path& file);
  /// Throws Error (kDamagedStore), also for the table of another catalogue.
  static std::unique_ptr<SuggestionTable> open(const std::filesystem::path& file, const Catalogue& catalogue);

  std::size_t size() const { return items_.size(); }
  Suggestion operator[](std::size_t row) const;
  ItemId item_of(Row row) const { return static_cast<ItemId>(items_[row]); }
  /// The row of a folded text.
  std::optional<Row> find(std::string_view folded) const;
  /// The row whose text is the item's title, folded; it may show another item of the same title.
  std::optional<Row> row_of(ItemId item) const;
  /// Rows [first, last) whose folded text begins with folded_prefix.
  std::pair<std::size_t, std::size_t> prefix_range(std::string_view folded_prefix) const;
  /// The k rows of the largest weight in [first, last), heaviest first, equal weights by item.
  std::vector<Row> heaviest(std::size_t first, std::size_t last, std::size_t k) const;
  /// Place of a row in the order of heaviest() over the whole table, from 0.
  std::size_t rank(Row row) const { return static_cast<std::size_t>(ranks_[row]); }

  const SuggestionWords& words() const { return words_; }

 private:
  friend class HeaviestRows;
  SuggestionTable(std::shared_ptr<const Safetensors> file, const Catalogue& catalogue);
  std::string_view key(std::size_t row) const;
  void check(const Catalogue& catalogue) const;

  std::shared_ptr<const Safetensors> file_;
  std::span<const std::uint8_t> keys_;
  std::span<const std::int64_t> key_offsets_;  // [rows + 1]
  std::span<const std::uint8_t> texts_;
  std::span<const std::int64_t> text_offsets_;
  std::span<const std::int32_t> items_;          // [rows]
  std::span<const std::uint8_t> sources_;        // [rows]
  std::span<const float> weights_;               // [rows]
  std::span<const std::int32_t> ranks_;          // [rows]: 0 for the heaviest
  std::span<const std::int32_t> by_rank_;        // [rows]: the inverse
  std::span<const std::int32_t> rows_of_items_;  // [items]: -1 for none
  RangeMinima least_rank_;
  SuggestionWords words_;
};

/// Walks over the rows of a range, the heaviest first: each step is two range minima and a heap of as many
/// entries as steps taken. One per thread; the table must outlive it.
class HeaviestRows {
 public:
  HeaviestRows(const SuggestionTable& table, std::size_t first, std::size_t last);
  /// The next row; nothing when all have been seen.
  std::optional<SuggestionTable::Row> next();

 private:
  struct Piece {
    std::int32_t least;  // the smallest rank inside
    std::uint32_t first;
    std::uint32_t last;
    bool operator<(const Piece& other) const { return least > other.least; }
  };
  void push(std::size_t first, std::size_t last);

  const SuggestionTable& table_;
  std::priority_queue<Piece> pieces_;
};

}  // namespace segue::index
