#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "index/input/fold.h"
#include "index/suggestions/suggestion_table.h"

namespace segue::index {
namespace {

struct Entry {
  std::string folded;
  ItemId item;
  SuggestionSource source;
  float popularity;
};

bool is_worth_typing(const std::string& folded, SuggestionSource source) {
  if (folded.empty()) return false;
  if (source == SuggestionSource::kQueryItem) return true;
  return folded.size() <= SuggestionTable::kLongestTitle &&
         static_cast<std::size_t>(std::count(folded.begin(), folded.end(), ' ')) <
             SuggestionTable::kMostTitleWords;
}

/// Sorted by text; entries of one text stand in the order of preference.
std::vector<Entry> sorted_entries(const Catalogue& catalogue, std::span<const float> counts) {
  std::vector<Entry> entries;
  for (ItemId item = 0; item < catalogue.size(); ++item) {
    const auto source = catalogue.is_query(item) ? SuggestionSource::kQueryItem : SuggestionSource::kTitle;
    std::string folded = fold(catalogue.title(item));
    if (!is_worth_typing(folded, source)) continue;
    const double events = counts.empty() ? 0 : counts[item];
    const double prior = std::max(0.0, catalogue.weight(item).value_or(0));
    entries.push_back({std::move(folded), item, source, static_cast<float>(std::log1p(events + prior))});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    if (a.folded != b.folded) return a.folded < b.folded;
    if (a.source != b.source) return a.source < b.source;
    return a.popularity > b.popularity || (a.popularity == b.popularity && a.item < b.item);
  });
  return entries;
}

struct Columns {
  std::vector<std::uint8_t> keys;
  std::vector<std::int64_t> key_offsets{0};
  std::vector<std::uint8_t> texts;
  std::vector<std::int64_t> text_offsets{0};
  std::vector<std::int32_t> items;
  std::vector<std::uint8_t> sources;
  std::vector<float> weights;
  std::vector<std::int32_t> rows_of_items;
  std::vector<std::string_view> folded;  // views into the entries

  void add_row(const Entry& entry, std::string_view text) {
    keys.insert(keys.end(), entry.folded.begin(), entry.folded.end());
    key_offsets.push_back(static_cast<std::int64_t>(keys.size()));
    texts.insert(texts.end(), text.begin(), text.end());
    text_offsets.push_back(static_cast<std::int64_t>(texts.size()));
    items.push_back(static_cast<std::int32_t>(entry.item));
    sources.push_back(static_cast<std::uint8_t>(entry.source));
    weights.push_back(0);
    folded.push_back(entry.folded);
  }
};

/// One row per folded text, weights scaled so that the largest is 1.
Columns make_columns(const std::vector<Entry>& entries, const Catalogue& catalogue) {
  Columns columns;
  columns.rows_of_items.assign(catalogue.size(), -1);
  for (const Entry& entry : entries) {
    if (columns.folded.empty() || columns.folded.back() != entry.folded) {
      columns.add_row(entry, catalogue.title(entry.item));
    }
    columns.rows_of_items[entry.item] = static_cast<std::int32_t>(columns.items.size()) - 1;
    columns.weights.back() = std::max(columns.weights.back(), entry.popularity);
  }
  const float largest = std::accumulate(columns.weights.begin(), columns.weights.end(), 0.0f,
                                        [](float a, float b) { return std::max(a, b); });
  if (largest > 0) {
    for (float& weight : columns.weights) weight /= largest;
  }
  return columns;
}

}  // namespace

void SuggestionTable::build(const Catalogue& catalogue, std::span<const float> counts,
                            const std::filesystem::path& file) {
  if (!counts.empty() && counts.size() != catalogue.size()) {
    throw std::invalid_argument("the counts of a suggestion table need one entry per item");
  }
  const std::vector<Entry> entries = sorted_entries(catalogue, counts);
  const Columns columns = make_columns(entries, catalogue);
  std::vector<std::int32_t> by_rank(columns.items.size());
  std::iota(by_rank.begin(), by_rank.end(), 0);
  std::sort(by_rank.begin(), by_rank.end(), [&columns](std::int32_t a, std::int32_t b) {
    const float weight_a = columns.weights[static_cast<std::size_t>(a)];
    const float weight_b = columns.weights[static_cast<std::size_t>(b)];
    if (weight_a != weight_b) return weight_a > weight_b;
    return columns.items[static_cast<std::size_t>(a)] < columns.items[static_cast<std::size_t>(b)];
  });
  std::vector<std::int32_t> ranks(by_rank.size());
  for (std::size_t i = 0; i < by_rank.size(); ++i)
    ranks[static_cast<std::size_t>(by_rank[i])] = static_cast<std::int32_t>(i);

  SafetensorsWriter writer;
  const auto add = [&writer](std::string_view name, const auto& values) {
    writer.add(name, {values.size()},
               std::span<const typename std::decay_t<decltype(values)>::value_type>(values));
  };
  add("keys", columns.keys);
  add("key_offsets", columns.key_offsets);
  add("texts", columns.texts);
  add("text_offsets", columns.text_offsets);
  add("items", columns.items);
  add("sources", columns.sources);
  add("weights", columns.weights);
  add("rows_of_items", columns.rows_of_items);
  add("ranks", ranks);
  add("by_rank", by_rank);
  SuggestionWords::write(columns.folded, ranks, writer);
  writer.write(file);
}

}  // namespace segue::index
