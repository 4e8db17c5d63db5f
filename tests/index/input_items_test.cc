#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "index/input/items_reader.h"
#include "index/input/jsonl_writer.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class ItemsFile : public testing::Test {
 protected:
  ItemsFile() : file_(std::filesystem::path(testing::TempDir()) / "segue_items.jsonl") {}
  ~ItemsFile() override { std::filesystem::remove(file_); }

  ItemsInput read(std::string_view text, const ItemsOptions& options = {}) const {
    std::ofstream(file_, std::ios::binary) << text;
    return read_items(file_, options);
  }
  /// What the error says about line 2, after a first line that is valid.
  std::string error(std::string_view line) const {
    try {
      read("{\"id\": \"first\", \"vector\": [1, 2]}\n" + std::string(line) + "\n");
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
      const std::string prefix = file_.string() + ":2: ";
      EXPECT_THAT(e.what(), testing::StartsWith(prefix));
      return std::string(e.what()).substr(prefix.size());
    }
    return "no error";
  }

  std::filesystem::path file_;
};

TEST_F(ItemsFile, ReadsEveryKey) {
  const ItemsInput input = read(
      R"({"id": "85123A", "kind": "product", "title": "White heart", "text": "A \"heart\".\n", )"
      R"("attributes": {"category": "lighting", "price": 2.55, "new": true, "tags": ["heart", "white"]}, )"
      R"("vector": [0.5, -1, 1e-3], "weight": 12})");
  ASSERT_EQ(input.items.size(), 1u);
  Item expected;
  expected.id = "85123A";
  expected.kind = "product";
  expected.title = "White heart";
  expected.text = "A \"heart\".\n";
  expected.attributes = {{"category", std::string("lighting")},
                         {"price", 2.55},
                         {"new", true},
                         {"tags", std::vector<std::string>{"heart", "white"}}};
  expected.vector = {0.5f, -1.0f, 1e-3f};
  expected.weight = 12;
  EXPECT_EQ(input.items[0], expected);
  EXPECT_EQ(input.report.dimension, 3u);
  EXPECT_EQ(input.report.with_vector, 1u);
  EXPECT_EQ(input.report.kinds.at("product"), 1u);
}

TEST_F(ItemsFile, HasDefaultsForAllButTheId) {
  const ItemsInput input =
      read("\n  \n{\"id\": \"a\"}\r\n{\"id\": \"b\", \"title\": null, \"weight\": null}");
  ASSERT_EQ(input.items.size(), 2u);
  Item expected;
  expected.id = "a";
  EXPECT_EQ(input.items[0], expected);
  expected.id = "b";
  EXPECT_EQ(input.items[1], expected);
  EXPECT_EQ(input.report.lines, 2u);
}

TEST_F(ItemsFile, KeepsUnknownKeysAsAttributesAndCountsTheOthers) {
  const ItemsInput input = read(
      "{\"id\": \"a\", \"brand\": \"x\", \"size\": 3, \"colours\": [\"red\"], \"deep\": {\"a\": 1}, "
      "\"mixed\": [1]}\n"
      "{\"id\": \"b\", \"deep\": {}, \"price\": 2, \"attributes\": {\"price\": 1}}\n");
  EXPECT_EQ(input.items[0].attributes.size(), 3u);
  EXPECT_EQ(input.items[0].attributes.at("brand"), AttributeValue(std::string("x")));
  EXPECT_EQ(input.items[1].attributes.at("price"), AttributeValue(1.0));
  EXPECT_THAT(input.report.ignored_keys,
              ElementsAre(testing::Pair("deep", 2u), testing::Pair("mixed", 1u), testing::Pair("price", 1u)));
  EXPECT_THAT(input.report.warnings(),
              ElementsAre(HasSubstr("ignored 4 times: deep (2), mixed (1), price (1)")));
}

TEST_F(ItemsFile, NamesLineAndReasonOfAMalformedLine) {
  EXPECT_THAT(error("{\"id\": \"a\""), HasSubstr("not valid JSON"));
  EXPECT_THAT(error("{\"id\": \"a\"} {}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error("[1]"), HasSubstr("the line is a list"));
  EXPECT_THAT(error("{\"id\": \"a\xff\"}"), HasSubstr("invalid UTF-8"));
  EXPECT_THAT(error("{\"id\": \"a\tb\"}"), HasSubstr("control character"));
  EXPECT_THAT(error(std::string("{\"id\": \"a\"}\0", 12)), HasSubstr("not valid JSON"));
  EXPECT_THAT(error("{\"title\": \"x\"}"), HasSubstr("the key \"id\" is missing"));
  EXPECT_THAT(error("{\"id\": null}"), HasSubstr("\"id\" must be a string, not null"));
  EXPECT_THAT(error("{\"id\": 7}"), HasSubstr("\"id\" must be a string, not a number; put it in quotes"));
  EXPECT_THAT(error("{\"id\": \"\"}"), HasSubstr("\"id\" is empty"));
  EXPECT_THAT(error("{\"id\": \"" + std::string(257, 'x') + "\"}"), HasSubstr("257 bytes, 256 are allowed; choose another"));
  EXPECT_THAT(error("{\"id\": \"query:a\"}"), HasSubstr("begins with query:"));
  EXPECT_THAT(error("{\"id\": \"scope:a\"}"), HasSubstr("begins with scope:"));
  EXPECT_THAT(error("{\"id\": \"a\\u0000b\"}"), HasSubstr("NUL"));
  EXPECT_THAT(error("{\"id\": \"a\", \"id\": \"b\"}"), HasSubstr("\"id\" comes twice"));
  EXPECT_THAT(error("{\"id\": \"a\", \"kind\": \"\"}"), HasSubstr("\"kind\" is empty"));
  EXPECT_THAT(error("{\"id\": \"a\", \"title\": [\"x\"]}"),
              HasSubstr("\"title\" must be a string, not a list"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": []}"), HasSubstr("\"attributes\" must be an object"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": {\"x\": {}}}"),
              HasSubstr("\"x\" must be a string, a number"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": {\"x\": [1]}}"),
              HasSubstr("not a list of other values"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": {\"title\": \"x\"}}"),
              HasSubstr("give it another name"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": {\"x\": 1, \"x\": 2}}"), HasSubstr("\"x\" comes twice"));
  EXPECT_THAT(error("{\"id\": \"a\", \"attributes\": {\"\": 1}}"), HasSubstr("empty or broken name"));
  EXPECT_THAT(error("{\"id\": \"a\", \"vector\": [1, 2, 3]}"),
              HasSubstr("has 3 numbers, that of line 1 has 2"));
  EXPECT_THAT(error("{\"id\": \"a\", \"vector\": []}"), HasSubstr("\"vector\" is empty"));
  EXPECT_THAT(error("{\"id\": \"a\", \"vector\": [1, \"2\"]}"), HasSubstr("\"vector\" must be a number"));
  EXPECT_THAT(error("{\"id\": \"a\", \"vector\": [1, 1e39]}"), HasSubstr("beyond 32 bits"));
  EXPECT_THAT(error("{\"id\": \"a\", \"weight\": 1e999}"), HasSubstr("malformed or too large"));
  EXPECT_THAT(error("{\"id\": \"a\", \"weight\": NaN}"), HasSubstr("JSON"));
  EXPECT_THAT(error("{\"id\": \"a\", \"weight\": -1}"), HasSubstr("\"weight\" is negative"));
  EXPECT_THAT(error("{\"id\": \"first\"}"), HasSubstr("given on line 1 already"));
  EXPECT_THAT(error("{\"id\": \"a\", \"x\": " + std::string(1000, '[') + std::string(1000, ']') + "}"),
              HasSubstr("nested too deeply"));
}

TEST_F(ItemsFile, AcceptsIdsOf256BytesWithAnyCharacters) {
  const std::string id(256, 'x');
  const ItemsInput input = read("{\"id\": \"" + id + "\"}\n{\"id\": \" a\\tb/%\u00e4\"}");
  EXPECT_EQ(input.items[0].id, id);
  EXPECT_EQ(input.items[1].id, " a\tb/%\u00e4");
}

TEST_F(ItemsFile, LetsTheLastLineWinWhenAsked) {
  const ItemsInput input =
      read("{\"id\": \"a\", \"title\": \"1\"}\n{\"id\": \"b\"}\n{\"id\": \"a\", \"title\": \"2\"}\n",
           {.last_wins = true});
  ASSERT_EQ(input.items.size(), 2u);
  EXPECT_EQ(input.items[0].title, "2");
  EXPECT_EQ(input.report.replaced, 1u);
}

TEST_F(ItemsFile, CountsMalformedLinesAndShowsTheFirstWhenSkipping) {
  std::string text = "{\"id\": \"a\"}\n";
  for (int i = 0; i < 9; ++i) text += "nonsense\n";
  text += "{\"id\": \"a\"}\n{\"id\": \"b\"}\n";
  const ItemsInput input = read(text, {.skip_invalid = true});
  EXPECT_EQ(input.items.size(), 2u);
  EXPECT_EQ(input.report.lines, 12u);
  EXPECT_EQ(input.report.invalid, 10u);
  ASSERT_EQ(input.report.examples.size(), LineReport::kExamples);
  EXPECT_THAT(input.report.examples[0], HasSubstr(".jsonl:2: "));
  EXPECT_THAT(input.report.warnings(), ElementsAre(HasSubstr("10 of 12 lines are malformed")));
}

TEST_F(ItemsFile, RoundTripsThroughTheWriter) {
  std::mt19937 random(3);
  std::vector<Item> items;
  const auto text = [&random] {
    static const std::vector<std::string> parts = {"a",    " ",      "\"",         "\\", "\n",
                                                   "\x01", "\u00e9", "\U0001f600", "/",  "\x7f"};
    std::string out;
    for (std::size_t n = random() % 8; n > 0; --n) out += parts[random() % parts.size()];
    return out;
  };
  for (int i = 0; i < 500; ++i) {
    Item item;
    item.id = std::to_string(i) + text();
    item.title = text();
    item.text = text();
    if (random() % 2 == 0) item.kind = "k" + text();
    if (random() % 2 == 0) item.weight = static_cast<double>(random()) / 7;
    item.attributes["n" + text()] = static_cast<double>(random()) * 1e-12;
    item.attributes["i"] = static_cast<double>(random());
    item.attributes["t"] = text();
    item.attributes["b"] = random() % 2 == 0;
    item.attributes["l"] = std::vector<std::string>{text(), text()};
    item.vector = {static_cast<float>(random()) / 3.0f, -1e-30f, 0.1f};
    items.push_back(item);
  }
  JsonlWriter writer(file_);
  for (const Item& item : items) writer.write(item);
  writer.finish();
  EXPECT_EQ(read_items(file_).items, items);
}

TEST_F(ItemsFile, WritesKeysInOneOrderAndNoDefaults) {
  Item item;
  item.id = "a";
  EXPECT_EQ(to_json(item), R"({"id": "a"})");
  item.weight = 1200000000;
  item.title = "t";
  item.vector = {0.1f};
  item.attributes = {{"b", true}, {"a", 1e20}};
  EXPECT_EQ(
      to_json(item),
      R"({"id": "a", "title": "t", "attributes": {"a": 1e+20, "b": true}, "vector": [0.1], "weight": 1200000000})");
}

TEST_F(ItemsFile, NeverCrashesOnRandomBytes) {
  std::mt19937 random(11);
  const std::string valid =
      R"({"id": "a1", "kind": "product", "title": "x", "attributes": {"p": 1.5, "t": ["a"]}, "vector": [1, 2], "weight": 3})";
  std::string text;
  for (int line = 0; line < 20000; ++line) {
    std::string mutated = valid;
    for (std::size_t n = 1 + random() % 3; n > 0; --n)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    if (random() % 4 == 0) mutated.resize(random() % mutated.size());
    text += mutated + "\n";
  }
  const ItemsInput input = read(text, {.skip_invalid = true, .last_wins = true});
  EXPECT_GT(input.report.invalid, 10000u);
  EXPECT_GT(input.items.size() + input.report.replaced, 500u);
  for (const Item& item : input.items) {
    ASSERT_FALSE(item.id.empty());
    ASSERT_LE(item.id.size(), 256u);
  }
}

}  // namespace
}  // namespace segue::index
