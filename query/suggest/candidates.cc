#include "query/suggest/candidates.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace segue::query {
namespace {

using index::ItemId;
using index::ItemSet;
using index::SuggestionTable;
using Row = SuggestionTable::Row;

// How many steps of the walk by weight may meet items that are not allowed, for each one wanted; a stricter
// filter is cheaper to read from its own side.
constexpr std::size_t kPatience = 8;

class Collector {
 public:
  Collector(const SuggestionTable& table, std::string_view prefix, const ItemSet* allowed)
      : table_(table), allowed_(allowed) {
    std::tie(first_, last_) = table.prefix_range(prefix);
  }

  std::vector<Row> collect(const SessionEvidence& evidence, const SuggestOptions& options) {
    if (last_ - first_ <= options.heaviest) {
      for (std::size_t row = first_; row < last_; ++row) add_if_wanted(static_cast<Row>(row));
      return std::move(found_);
    }
    // The text typed so far, if it is a suggestion, stands first among those that it begins.
    add_if_wanted(static_cast<Row>(first_));
    add_heaviest(options.heaviest);
    std::size_t related = 0;
    for (const Row row : evidence.related) {
      if (related == options.related) break;
      related += add_if_wanted(row);
    }
    add_by_words(evidence, options);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  bool is_wanted(Row row) const {
    return row >= first_ && row < last_ && (allowed_ == nullptr || allowed_->contains(table_.item_of(row)));
  }

  bool add_if_wanted(Row row) {
    if (!is_wanted(row)) return false;
    found_.push_back(row);
    return true;
  }

  void add_heaviest(std::size_t count) {
    index::HeaviestRows walk(table_, first_, last_);
    const std::size_t begin = found_.size();
    for (std::size_t step = 0; step < count * kPatience; ++step) {
      const std::optional<Row> row = walk.next();
      if (!row || (add_if_wanted(*row) && found_.size() - begin == count)) return;
    }
    found_.resize(begin);
    add_heaviest_of_allowed(count);
  }

  /// All allowed items are looked at: exact, and linear in the catalogue's bitmap.
  void add_heaviest_of_allowed(std::size_t count) {
    std::vector<Row> rows;
    const auto words = allowed_->words();
    for (std::size_t w = 0; w < words.size(); ++w) {
      for (std::uint64_t bits = words[w]; bits != 0; bits &= bits - 1) {
        const auto item = static_cast<ItemId>(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
        const std::optional<Row> row = table_.row_of(item);
        if (row && is_wanted(*row) && table_.item_of(*row) == item) rows.push_back(*row);
      }
    }
    const auto kept = rows.begin() + static_cast<std::ptrdiff_t>(std::min(count, rows.size()));
    std::partial_sort(rows.begin(), kept, rows.end(),
                      [this](Row a, Row b) { return table_.rank(a) < table_.rank(b); });
    found_.insert(found_.end(), rows.begin(), kept);
  }

  /// For each word of the session, the telling ones first, its most popular rows.
  void add_by_words(const SessionEvidence& evidence, const SuggestOptions& options) {
    std::vector<SessionEvidence::Word> words = evidence.words;
    std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) {
      return a.weight * a.inverse_frequency > b.weight * b.inverse_frequency;
    });
    std::size_t budget = options.word_scan;
    std::size_t left = options.worded;
    for (const SessionEvidence::Word& word : words) {
      const std::size_t most = std::min(left, options.per_word);
      std::size_t taken = 0;
      for (const Row row : table_.words().rows_of(word.id)) {
        if (taken == most || budget == 0) break;
        --budget;
        taken += add_if_wanted(row);
      }
      left -= taken;
    }
  }

  const SuggestionTable& table_;
  const ItemSet* allowed_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::vector<Row> found_;
};

}  // namespace

std::vector<Row> suggestion_candidates(const SuggestionTable& table, std::string_view folded_prefix,
                                       const SessionEvidence& evidence, const ItemSet* allowed,
                                       const SuggestOptions& options) {
  return Collector(table, folded_prefix, allowed).collect(evidence, options);
}

}  // namespace segue::query
