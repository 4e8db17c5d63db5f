#include "index/suggestions/suggestion_table.h"

#include <algorithm>

#include "kernels/error.h"

namespace segue::index {
namespace {

std::string_view piece(std::span<const std::uint8_t> bytes, std::span<const std::int64_t> offsets,
                       std::size_t i) {
  const auto begin = static_cast<std::size_t>(offsets[i]);
  return {reinterpret_cast<const char*>(bytes.data()) + begin,
          static_cast<std::size_t>(offsets[i + 1]) - begin};
}

bool all_below(std::span<const std::int32_t> values, std::size_t bound) {
  return std::all_of(values.begin(), values.end(),
                     [bound](std::int32_t v) { return v >= 0 && static_cast<std::size_t>(v) < bound; });
}

}  // namespace

SuggestionTable::SuggestionTable(std::shared_ptr<const Safetensors> file, const Catalogue& catalogue)
    : file_(std::move(file)),
      keys_(file_->u8("keys")),
      key_offsets_(file_->i64("key_offsets")),
      texts_(file_->u8("texts")),
      text_offsets_(file_->i64("text_offsets")),
      items_(file_->i32("items")),
      sources_(file_->u8("sources")),
      weights_(file_->f32("weights")),
      ranks_(file_->i32("ranks")),
      by_rank_(file_->i32("by_rank")),
      rows_of_items_(file_->i32("rows_of_items")) {
  check(catalogue);
  least_rank_ = RangeMinima(ranks_);
  words_ = SuggestionWords(*file_, size());
}

std::unique_ptr<SuggestionTable> SuggestionTable::open(const std::filesystem::path& file,
                                                       const Catalogue& catalogue) {
  return std::unique_ptr<SuggestionTable>(new SuggestionTable(Safetensors::open(file), catalogue));
}

/// Everything that a look-up relies on: after this no number of the file leads out of it.
void SuggestionTable::check(const Catalogue& catalogue) const {
  const auto require = [this](bool holds, const char* what) {
    if (!holds) {
      throw Error(ErrorKind::kDamagedStore, what, file_->file().string(),
                  "roll back, or run segue reindex again");
    }
  };
  const std::size_t rows = size();
  require(are_offsets(key_offsets_, rows, keys_.size()), "the keys of the suggestions are damaged");
  require(are_offsets(text_offsets_, rows, texts_.size()), "the texts of the suggestions are damaged");
  require(
      sources_.size() == rows && weights_.size() == rows && ranks_.size() == rows && by_rank_.size() == rows,
      "the columns of the suggestions differ in length");
  require(rows_of_items_.size() == catalogue.size() && all_below(items_, catalogue.size()),
          "the suggestions belong to other items");
  require(
      std::all_of(rows_of_items_.begin(), rows_of_items_.end(),
                  [rows](std::int32_t row) { return row >= -1 && row < static_cast<std::int64_t>(rows); }),
      "the rows of items are damaged");
  require(std::all_of(sources_.begin(), sources_.end(), [](std::uint8_t source) { return source <= 1; }),
          "the sources of the suggestions are damaged");
  require(
      std::all_of(weights_.begin(), weights_.end(), [](float weight) { return weight >= 0 && weight <= 1; }),
      "the weights of the suggestions are damaged");
  bool inverse = all_below(ranks_, rows);
  for (std::size_t row = 0; inverse && row < rows; ++row) {
    inverse = by_rank_[static_cast<std::size_t>(ranks_[row])] == static_cast<std::int32_t>(row);
  }
  require(inverse, "the ranks of the suggestions are damaged");
  for (std::size_t row = 1; row < rows; ++row) {
    require(key(row - 1) < key(row), "the suggestions are out of order");
  }
}

std::string_view SuggestionTable::key(std::size_t row) const {
  return piece(keys_, key_offsets_, row);
}

Suggestion SuggestionTable::operator[](std::size_t row) const {
  return {key(row), piece(texts_, text_offsets_, row), static_cast<ItemId>(items_[row]),
          static_cast<SuggestionSource>(sources_[row]), weights_[row]};
}

std::pair<std::size_t, std::size_t> SuggestionTable::prefix_range(std::string_view folded_prefix) const {
  const auto first_not = [&](auto before) {
    std::size_t low = 0;
    std::size_t high = size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (before(key(middle).substr(0, folded_prefix.size()))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  return {first_not([&](std::string_view head) { return head < folded_prefix; }),
          first_not([&](std::string_view head) { return head <= folded_prefix; })};
}

std::optional<SuggestionTable::Row> SuggestionTable::find(std::string_view folded) const {
  const std::size_t row = prefix_range(folded).first;  // a text stands before all that it begins
  if (row == size() || key(row) != folded) return std::nullopt;
  return static_cast<Row>(row);
}

std::optional<SuggestionTable::Row> SuggestionTable::row_of(ItemId item) const {
  if (item >= rows_of_items_.size() || rows_of_items_[item] < 0) return std::nullopt;
  return static_cast<Row>(rows_of_items_[item]);
}

std::vector<SuggestionTable::Row> SuggestionTable::heaviest(std::size_t first, std::size_t last,
                                                            std::size_t k) const {
  std::vector<Row> best;
  HeaviestRows walk(*this, first, last);
  while (best.size() < k) {
    const std::optional<Row> row = walk.next();
    if (!row) break;
    best.push_back(*row);
  }
  return best;
}

HeaviestRows::HeaviestRows(const SuggestionTable& table, std::size_t first, std::size_t last)
    : table_(table) {
  push(first, std::min(last, table.size()));
}

void HeaviestRows::push(std::size_t first, std::size_t last) {
  if (first >= last) return;
  pieces_.push(
      {table_.least_rank_(first, last), static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
}

std::optional<SuggestionTable::Row> HeaviestRows::next() {
  if (pieces_.empty()) return std::nullopt;
  const Piece piece = pieces_.top();
  pieces_.pop();
  const auto row = static_cast<SuggestionTable::Row>(table_.by_rank_[static_cast<std::size_t>(piece.least)]);
  push(piece.first, row);
  push(row + std::size_t{1}, piece.last);
  return row;
}

}  // namespace segue::index
