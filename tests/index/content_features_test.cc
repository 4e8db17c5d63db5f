#include "index/model/content_features.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace segue::index {
namespace {

Item titled(std::string title) {
  Item item;
  item.id = title;
  item.title = std::move(title);
  return item;
}

bool shares(const std::vector<ContentFeature>& a, const std::vector<ContentFeature>& b) {
  return std::any_of(a.begin(), a.end(), [&](const ContentFeature& x) {
    return std::any_of(b.begin(), b.end(), [&](const ContentFeature& y) { return x.bucket == y.bucket; });
  });
}

std::size_t total(const std::vector<ContentFeature>& features) {
  std::size_t sum = 0;
  for (const ContentFeature& feature : features) sum += feature.count;
  return sum;
}

TEST(ContentFeatures, AreAWordAndItsTrigrams) {
  const ContentFeatures features;
  // "cup": the word, " cu", "cup", "up ".
  EXPECT_EQ(total(features.of_text("cup")), 4u);
  EXPECT_EQ(total(features.of_text("a")), 2u);
  EXPECT_EQ(total(features.of_text("tea cup")), 8u);
  for (const ContentFeature& feature : features.of_text("cup cup")) EXPECT_EQ(feature.count, 2u);
}

TEST(ContentFeatures, OfATitleATextAndAQueryAreTheSame) {
  const ContentFeatures features;
  Item described;
  described.text = "White lantern";
  EXPECT_EQ(features.of_item(titled("White lantern")), features.of_text("white LANTERN"));
  EXPECT_EQ(features.of_item(described), features.of_text("white lantern"));
}

TEST(ContentFeatures, FoldLettersAndCountCodePoints) {
  const ContentFeatures features;
  EXPECT_EQ(features.of_text("Caf\u00e9 CR\u00c8ME"), features.of_text("cafe creme"));
  // Three code points of three bytes each: the word, and three trigrams.
  EXPECT_EQ(total(features.of_text("\u65e5\u672c\u8a9e")), 4u);
}

TEST(ContentFeatures, OfNothingAreNone) {
  const ContentFeatures features;
  EXPECT_TRUE(features.of_item(titled("")).empty());
  EXPECT_TRUE(features.of_text("  ?! ").empty());
  EXPECT_TRUE(features.of_text("\xff\xfe").empty());
}

TEST(ContentFeatures, KeepAWordAndAnAttributeOfTheSameLettersApart) {
  const ContentFeatures features;
  Item red;
  red.attributes["color"] = std::string("red");
  EXPECT_EQ(total(features.of_item(red)), 1u);
  EXPECT_FALSE(shares(features.of_item(red), features.of_text("color=red red color")));
  Item other = red;
  other.attributes["color"] = std::vector<std::string>{"Red", "blue"};
  EXPECT_TRUE(shares(features.of_item(red), features.of_item(other)));
  other.attributes["color"] = std::vector<std::string>{"blue"};
  EXPECT_FALSE(shares(features.of_item(red), features.of_item(other)));
  Item on, off;
  on.attributes["sale"] = true;
  off.attributes["sale"] = false;
  EXPECT_FALSE(shares(features.of_item(on), features.of_item(off)));
}

TEST(ContentFeatures, PartNumbersIntoEvenShares) {
  std::vector<Item> items;
  for (int i = 0; i < 80; ++i) {
    items.push_back(titled(std::to_string(1000 + i)));
    items.back().attributes["price"] = static_cast<double>(i * i);
  }
  const Catalogue catalogue(items);
  const ContentFeatures features = ContentFeatures::of(catalogue);
  EXPECT_EQ(features.bounds().at("price").size(), ContentFeatures::kIntervals - 1);
  Item a, b, c;
  a.attributes["price"] = 0.0;
  b.attributes["price"] = 81.0;  // the tenth value: the last of the first share
  c.attributes["price"] = 6241.0;
  EXPECT_EQ(features.of_item(a), features.of_item(b));
  EXPECT_FALSE(shares(features.of_item(a), features.of_item(c)));
  Item beyond;
  beyond.attributes["price"] = 1e9;
  EXPECT_EQ(features.of_item(beyond), features.of_item(c));
  Item unheard;
  unheard.attributes["weight"] = 1.0;
  EXPECT_TRUE(features.of_item(unheard).empty());
}

TEST(ContentFeatures, GiveANumberThatNeverChangesOneInterval) {
  std::vector<Item> items(9, titled("x"));
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].id += std::to_string(i);
    items[i].attributes["year"] = 2024.0;
  }
  const ContentFeatures features = ContentFeatures::of(Catalogue(items));
  EXPECT_TRUE(features.bounds().at("year").empty());
}

}  // namespace
}  // namespace segue::index
