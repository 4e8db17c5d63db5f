#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "index/suggestions/suggestion_table.h"
#include "query/suggest/suggest_ranker.h"

namespace segue::query {

inline index::Item make_item(std::string id, std::string kind, std::string title,
                             std::optional<double> weight = {}) {
  index::Item item;
  item.id = std::move(id);
  item.kind = std::move(kind);
  item.title = std::move(title);
  item.weight = weight;
  return item;
}

/// A catalogue and its table, which lives in a temporary file.
class SuggestShop {
 public:
  explicit SuggestShop(std::vector<index::Item> items, std::vector<float> counts = {})
      : catalogue_(std::move(items)) {
    static int number = 0;
    const auto file = std::filesystem::temp_directory_path() /
                      ("segue_suggest_" + std::to_string(getpid()) + "_" + std::to_string(number++));
    index::SuggestionTable::build(catalogue_, counts, file);
    table_ = index::SuggestionTable::open(file, catalogue_);
    std::filesystem::remove(file);  // the mapping keeps it
  }

  const index::Catalogue& catalogue() const { return catalogue_; }
  const index::SuggestionTable& table() const { return *table_; }
  index::ItemId item(std::string_view id) const { return catalogue_.find(id); }

  std::vector<std::string> suggest(std::string_view prefix, const SuggestSession& session = {},
                                   ModelEvidence models = {}, const SuggestOptions& options = {}) const {
    std::vector<std::string> texts;
    const SessionEvidence evidence = gather_evidence(table(), session, std::move(models), options);
    for (const SuggestionHit& hit : rank_suggestions(table(), {prefix, 8, nullptr}, evidence, options)) {
      texts.push_back(hit.folded);
    }
    return texts;
  }

 private:
  index::Catalogue catalogue_;
  std::unique_ptr<index::SuggestionTable> table_;
};

/// Titles of two to five words out of a vocabulary with a long tail; every fourth is a query.
inline std::vector<index::Item> random_items(std::size_t n, std::size_t vocabulary, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<std::string> words(vocabulary);
  for (std::string& word : words) {
    for (std::size_t c = 3 + random() % 6; c > 0; --c) word += static_cast<char>('a' + random() % 26);
  }
  std::vector<index::Item> items;
  for (std::size_t i = 0; i < n; ++i) {
    std::string title;
    for (std::size_t w = 2 + random() % 4; w > 0; --w) {
      const double u = uniform(random);
      title += words[static_cast<std::size_t>(u * u * static_cast<double>(vocabulary))] + (w > 1 ? " " : "");
    }
    const double weight = std::exp(8 * uniform(random) * uniform(random));
    items.push_back(make_item("i" + std::to_string(i), i % 4 == 0 ? "query" : "item", title, weight));
  }
  return items;
}

}  // namespace segue::query
