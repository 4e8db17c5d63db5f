#include "index/catalogue.h"

#include <gtest/gtest.h>

namespace segue::index {
namespace {

Item make(std::string id, std::string kind, std::string title, std::optional<double> weight = {}) {
  Item item;
  item.id = std::move(id);
  item.kind = std::move(kind);
  item.title = std::move(title);
  item.weight = weight;
  return item;
}

TEST(Catalogue, OrdersItemsByTheBytesOfTheirIds) {
  const Catalogue catalogue({make("b", "item", ""), make("B", "item", ""), make("\xc3\xa4", "item", ""), make("a", "item", "")});
  ASSERT_EQ(catalogue.size(), 4u);
  EXPECT_EQ(catalogue.id(0), "B");
  EXPECT_EQ(catalogue.id(1), "a");
  EXPECT_EQ(catalogue.id(2), "b");
  EXPECT_EQ(catalogue.id(3), "\xc3\xa4");
  EXPECT_EQ(catalogue.find("b"), 2u);
  EXPECT_EQ(catalogue.find("c"), kNoItem);
}

TEST(Catalogue, RefusesTheSameIdTwice) {
  EXPECT_THROW(Catalogue({make("a", "item", "x"), make("a", "item", "y")}), std::invalid_argument);
}

TEST(Catalogue, FindsAQueryByItsFoldedTitleAndPrefersTheHeavier) {
  const Catalogue catalogue({make("q1", "query", "White  Lantern", 2.0), make("q2", "query", "white lantern!", 5.0),
                             make("p", "product", "white lantern")});
  EXPECT_EQ(catalogue.find_query("white lantern"), catalogue.find("q2"));
  EXPECT_EQ(catalogue.find_query("lantern"), kNoItem);
  EXPECT_EQ(catalogue.queries().count(), 2u);
  EXPECT_EQ(catalogue.searchable().count(), 1u);
  EXPECT_TRUE(catalogue.of_kind("product").contains(catalogue.find("p")));
  EXPECT_EQ(catalogue.of_kind("article").count(), 0u);
}

}  // namespace
}  // namespace segue::index
