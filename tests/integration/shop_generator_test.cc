#include "integration/demo/shop_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "index/catalogue.h"
#include "index/input/events_reader.h"
#include "index/input/fold.h"
#include "index/input/items_reader.h"
#include "index/input/sessionise.h"

namespace segue::integration {
namespace {

class ShopGenerator : public testing::Test {
 protected:
  ShopGenerator() : folder_(std::filesystem::path(testing::TempDir()) / "segue_shop") {
    std::filesystem::create_directories(folder_);
    options_.events = 30'000;
    options_.shoppers = 1'500;
  }
  ~ShopGenerator() override { std::filesystem::remove_all(folder_); }

  void generate() { report_ = generate_shop(options_, folder_ / "items.jsonl", folder_ / "events.jsonl"); }
  std::string bytes(const char* name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<index::Item> items() const { return index::read_items(folder_ / "items.jsonl").items; }
  index::EventLog log(const index::Catalogue& catalogue) {
    index::EventsReader reader(folder_ / "events.jsonl");
    index::Sessioniser sessioniser(catalogue, {});
    index::EventLog log = index::sessionise(reader, sessioniser);
    sessions_ = sessioniser.report();
    return log;
  }
  static std::string text(const index::Item& item, const char* name) {
    return std::get<std::string>(item.attributes.at(name));
  }

  std::filesystem::path folder_;
  ShopOptions options_;
  ShopReport report_;
  index::SessionReport sessions_;
};

TEST_F(ShopGenerator, GivesTheSameBytesForTheSameOptions) {
  generate();
  const std::string first_items = bytes("items.jsonl");
  const std::string first_events = bytes("events.jsonl");
  generate();
  EXPECT_EQ(bytes("items.jsonl"), first_items);
  EXPECT_EQ(bytes("events.jsonl"), first_events);
  options_.seed = 2;
  generate();
  EXPECT_NE(bytes("items.jsonl"), first_items);
  EXPECT_NE(bytes("events.jsonl"), first_events);
}

TEST_F(ShopGenerator, NamesEveryProductDifferently) {
  options_.products = 10'000;
  generate();
  std::set<std::string> titles;
  std::size_t products = 0;
  for (const index::Item& item : items()) {
    if (item.kind == index::kQueryKind) {
      EXPECT_GT(item.weight.value_or(0), 1);
      continue;
    }
    ++products;
    EXPECT_TRUE(titles.insert(index::fold(item.title)).second) << item.title;
    EXPECT_GT(std::get<double>(item.attributes.at("price")), 0);
  }
  EXPECT_EQ(products, 10'000u);
}

TEST_F(ShopGenerator, RefusesAShopThatItCannotFill) {
  options_.products = 10'001;
  EXPECT_THROW(generate(), std::invalid_argument);
  options_.products = 10;
  EXPECT_THROW(generate(), std::invalid_argument);
}

TEST_F(ShopGenerator, ReportsWhatItWrote) {
  generate();
  const index::Catalogue catalogue(items());
  const index::EventLog events = log(catalogue);
  EXPECT_EQ(sessions_.events, options_.events);
  EXPECT_EQ(report_.events, options_.events);
  EXPECT_EQ(report_.sessions, sessions_.sequences);
  EXPECT_EQ(report_.shoppers, sessions_.users);
  EXPECT_EQ(report_.queries, catalogue.queries().count());
  EXPECT_EQ(report_.products, catalogue.searchable().count());
  EXPECT_EQ(sessions_.unknown_items, 0u);
  EXPECT_GT(sessions_.query_items, options_.events / 50);
  EXPECT_GT(sessions_.texts, options_.events / 50);
  EXPECT_GT(sessions_.actions.at("purchase"), options_.events / 50);
}

TEST_F(ShopGenerator, MakesWhatComesNextDependOnStyleOrderAndPairs) {
  generate();
  const index::Catalogue catalogue(items());
  const index::EventLog events = log(catalogue);
  std::size_t steps = 0;
  std::size_t same_style = 0;
  std::map<std::pair<std::string, std::string>, int> nouns;  // one shelf after another
  std::map<std::pair<index::ItemId, index::ItemId>, int> pairs;
  std::map<index::ItemId, int> counts;
  const auto shelf = [&](index::ItemId item) {
    // A text reads "STYLE NOUN in COLOUR MATERIAL, ...".
    const std::string sentence(catalogue.text(item));
    const std::size_t begin = sentence.find(' ') + 1;
    return sentence.substr(begin, sentence.find(" in ") - begin);
  };
  for (const index::Sequence& s : events.sequences) {
    index::ItemId last = index::kNoItem;
    for (std::size_t i = s.begin; i < s.end; ++i) {
      const index::ItemId item = events.events[i].item;
      if (item == index::kNoItem || catalogue.is_query(item)) continue;
      ++counts[item];
      if (last != index::kNoItem) {
        ++steps;
        same_style += text(catalogue.item(last), "style") == text(catalogue.item(item), "style") ? 1 : 0;
        ++nouns[{shelf(last), shelf(item)}];
        ++pairs[{last, item}];
      }
      last = item;
    }
  }
  // There are six styles: twice what chance gives.
  EXPECT_GT(same_style * 3, steps);
  // The project runs one way.
  const auto count = [&nouns](const char* from, const char* to) { return nouns[{from, to}]; };
  EXPECT_GT(count("tent", "sleeping bag"), 5 * count("sleeping bag", "tent"));
  // Some pairs of products belong together, far beyond their popularity.
  const auto strongest = std::max_element(pairs.begin(), pairs.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
  EXPECT_GT(strongest->second * 10, counts[strongest->first.first]);
  // A tenth of the products draws much more than a tenth of the looks.
  std::vector<int> sorted;
  for (const auto& [item, n] : counts) sorted.push_back(n);
  std::sort(sorted.rbegin(), sorted.rend());
  std::size_t head = 0;
  std::size_t all = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    all += static_cast<std::size_t>(sorted[i]);
    head += i < report_.products / 10 ? static_cast<std::size_t>(sorted[i]) : 0;
  }
  EXPECT_GT(head * 10, all * 3);
}

}  // namespace
}  // namespace segue::integration
