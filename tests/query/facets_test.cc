#include "query/facets.h"

#include <gtest/gtest.h>

namespace segue::query {
namespace {

index::Catalogue shop() {
  std::vector<index::Item> items(5);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].id = std::string(1, static_cast<char>('a' + i));
  items[0].attributes = {
      {"price", 9.5}, {"category", std::string("lamps")}, {"tags", std::vector<std::string>{"red", "new"}}};
  items[1].attributes = {
      {"price", 2.0}, {"category", std::string("rugs")}, {"tags", std::vector<std::string>{"red"}}};
  items[2].attributes = {{"price", 9.5}, {"category", std::string("lamps")}};
  items[3].attributes = {{"price", 100.0}};
  return index::Catalogue(std::move(items));
}

TEST(Facets, CountValuesOverTheMatchesMostFrequentFirst) {
  const index::Catalogue catalogue = shop();
  index::ItemSet matches(catalogue.size(), true);
  auto counts = count_values(catalogue, matches, "category");
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].value, "lamps");
  EXPECT_EQ(counts[0].count, 2u);
  matches.erase(0);
  counts = count_values(catalogue, matches, "category");
  EXPECT_EQ(counts[0].count, 1u);
  EXPECT_EQ(counts[0].value, "lamps");  // equal counts stand in the order of their values
  EXPECT_EQ(count_values(catalogue, matches, "tags")[0].value, "red");
  EXPECT_EQ(count_values(catalogue, matches, "price")[0].value, "100");
  EXPECT_TRUE(count_values(catalogue, matches, "nothing").empty());
}

TEST(Sorting, GoesByAttributesThenByIdAndPutsItemsWithoutAValueLast) {
  const index::Catalogue catalogue = shop();
  const index::ItemSet all(catalogue.size(), true);
  const std::vector<std::string> rising = {"price"};
  EXPECT_EQ(sort_by_attributes(catalogue, all, rising), (std::vector<index::ItemId>{1, 0, 2, 3, 4}));
  const std::vector<std::string> falling = {"-price"};
  EXPECT_EQ(sort_by_attributes(catalogue, all, falling), (std::vector<index::ItemId>{3, 0, 2, 1, 4}));
  const std::vector<std::string> two = {"category", "-price"};
  EXPECT_EQ(sort_by_attributes(catalogue, all, two), (std::vector<index::ItemId>{0, 2, 1, 3, 4}));
}

}  // namespace
}  // namespace segue::query
