#include "index/input/csv_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "index/input/events_reader.h"
#include "index/input/items_reader.h"
#include "index/input/text_file.h"
#include "index/input/title_text.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kColumns =
    "[columns]\nitem = \"id\"\ntitle = \"name\"\nsession = \"visit\"\nuser = \"who\"\n";

class CsvImport : public testing::Test {
 protected:
  CsvImport() : folder_(std::filesystem::path(testing::TempDir()) / "segue_csv_import") {
    std::filesystem::create_directories(folder_);
  }
  ~CsvImport() override { std::filesystem::remove_all(folder_); }

  void run(std::string_view table, const std::string& toml, bool skip_invalid = false) {
    std::ofstream(folder_ / "t.csv") << table;
    report_ = import_csv({folder_ / "t.csv", folder_ / "items.jsonl", folder_ / "events.jsonl"},
                         parse_csv_config(toml, "c.toml"), skip_invalid);
    items_ = read_items(folder_ / "items.jsonl").items;
    EventsReader reader(folder_ / "events.jsonl");
    events_.clear();
    Event event;
    while (reader.next(event)) events_.push_back(event);
  }
  std::string error(std::string_view table, const std::string& toml) {
    try {
      run(table, toml);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
      return e.what();
    }
    return "no error";
  }
  std::size_t dropped(std::string_view name) const {
    for (const auto& rule : report_.dropped) {
      if (rule.name == name) return rule.rows;
    }
    ADD_FAILURE() << "no rule " << name;
    return 0;
  }

  std::filesystem::path folder_;
  CsvImportReport report_;
  std::vector<Item> items_;
  std::vector<Event> events_;
};

TEST_F(CsvImport, MapsColumnsToItemsAndEvents) {
  run("visit,id,name,when,price,who,stars,new,tags\n"
      "v1,a,Lamp,2010-12-01 08:26:00,2.5,u1,4,yes,red; blue\n"
      "v1,b,Rug,2010-12-01 08:27:00,,,,,\n",
      kColumns + R"(time = "when"
rating = "stars"
[columns.attributes]
price = {column = "price", type = "number"}
new = {column = "new", type = "boolean"}
tags = {column = "tags", type = "list"}
[columns.context]
place = "visit"
[items]
kind = "product"
weight = "rows"
[events]
action = "purchase"
)");
  ASSERT_EQ(items_.size(), 2u);
  Item lamp;
  lamp.id = "a";
  lamp.kind = "product";
  lamp.title = "Lamp";
  lamp.weight = 1;
  lamp.attributes = {{"price", 2.5}, {"new", true}, {"tags", std::vector<std::string>{"red", "blue"}}};
  EXPECT_EQ(items_[0], lamp);
  EXPECT_TRUE(items_[1].attributes.empty());
  Event first;
  first.session = "v1";
  first.user = "u1";
  first.time = 1291191960;
  first.item = "a";
  first.action = "purchase";
  first.rating = 4;
  first.context = {{"place", "v1"}};
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[0], first);
  EXPECT_EQ(events_[1].user, "");
}

TEST_F(CsvImport, TakesTypedQueriesFromAColumn) {
  run("visit,id,name,who,q\nv,,,u,white lamp\nv,a,Lamp,u,\n", kColumns + "query = \"q\"\n");
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[0].query, "white lamp");
  EXPECT_EQ(items_.size(), 1u);
}

TEST_F(CsvImport, DropsRowsByTheFirstRuleThatHolds) {
  const std::string table =
      "visit,id,name,who,n\nC1,a,x,u,5\nv,POST,x,u,1\nv,DOT,x,u,1\nv,a,x,u,0\nv,a,x,u,-2\nv,a,x,u,abc\nv,a,x,"
      "u,\nv,b2,x,u,9\nv,a,x,u,3\n";
  run(table, kColumns + R"(
[[drop]]
name = "cancelled"
column = "visit"
prefix = "C"
[[drop]]
name = "fees"
column = "id"
equals = ["POST", "DOT"]
[[drop]]
name = "none"
column = "n"
at_most = 0
[[drop]]
name = "broken"
column = "n"
no_number = true
[[drop]]
name = "odd id"
column = "id"
pattern = "^[a-z]$"
unless = true
)");
  EXPECT_EQ(dropped("cancelled"), 1u);
  EXPECT_EQ(dropped("fees"), 2u);
  EXPECT_EQ(dropped("none"), 2u);
  EXPECT_EQ(dropped("broken"), 2u);
  EXPECT_EQ(dropped("odd id"), 1u);
  EXPECT_EQ(report_.rows, 9u);
  EXPECT_EQ(report_.kept, 1u);
}

TEST_F(CsvImport, DropsRowsWithoutItemOrWithoutUserAndSession) {
  run("visit,id,name,who\nv,,x,u\n,a,x,\n ,a,x,u\n", kColumns);
  EXPECT_EQ(dropped("no item and no query"), 1u);
  EXPECT_EQ(dropped("no user and no session"), 1u);
  EXPECT_EQ(report_.kept, 1u);
}

TEST_F(CsvImport, MendsFieldsBeforeItLooksAtThem) {
  run("visit,id,name,who\nv,ab,x,17850.0\nv,#b,none,u\n", kColumns + R"(
[[mend]]
name = "decimals"
column = "who"
remove_suffix = ".0"
[[mend]]
column = "id"
remove_prefix = "#"
[[mend]]
column = "id"
upper = true
[[mend]]
name = "no title"
column = "name"
equals = "none"
set = ""
)");
  EXPECT_EQ(events_[0].user, "17850");
  EXPECT_EQ(items_[0].id, "AB");
  EXPECT_EQ(items_[1].id, "B");
  EXPECT_EQ(items_[1].title, "");
  EXPECT_EQ(report_.untitled, 1u);
  ASSERT_EQ(report_.mended.size(), 4u);
  EXPECT_EQ(report_.mended[0].rows, 1u);
  EXPECT_EQ(report_.mended[2].rows, 2u);
}

TEST_F(CsvImport, KeepsTheUserAloneWhereTheConfigurationSaysSo) {
  run("visit,id,name,who\nv1,a,x,u\nv2,a,x,\n", kColumns + "[events]\nsession = \"without user\"\n");
  EXPECT_EQ(events_[0].session, "");
  EXPECT_EQ(events_[0].user, "u");
  EXPECT_EQ(events_[1].session, "v2");
  EXPECT_EQ(report_.users, 1u);
  EXPECT_EQ(report_.sessions, 1u);
}

TEST_F(CsvImport, DropsRowsThatEqualAnEarlierOneInTheNamedColumns) {
  const std::string table = "visit,id,name,who\nv,a,x,u\nv,a,y,u\nv,a,x,u\nw,a,x,u\n";
  run(table, kColumns + "[duplicates]\ncolumns = \"*\"\n");
  EXPECT_EQ(report_.duplicates, 1u);
  run(table, kColumns + "[duplicates]\ncolumns = [\"visit\", \"id\"]\n");
  EXPECT_EQ(report_.duplicates, 2u);
  run(table, kColumns);
  EXPECT_EQ(report_.duplicates, 0u);
}

TEST_F(CsvImport, TakesTheMostFrequentTitleThatIsNotEmpty) {
  run("visit,id,name,who\nv,a,,u\nv,a,,u\nv,a,,u\nv,a,damaged,u\nv,a,RED  LAMP ,u\nv,a, RED "
      "LAMP,u\nv,b,one,u\nv,b,two,u\n",
      kColumns);
  EXPECT_EQ(items_[0].title, "RED LAMP");
  EXPECT_EQ(items_[1].title, "one");
  EXPECT_EQ(report_.retitled, 2u);
}

TEST_F(CsvImport, ChoosesAttributesAsAsked) {
  run("visit,id,name,who,p\nv,a,x,u,1\nv,a,x,u,4\nv,a,x,u,3\nv,a,x,u,4\nv,a,x,u,\nv,a,x,u,oops\nv,b,x,u,"
      "oops\n",
      kColumns + R"([columns.attributes]
often = "p"
first = {column = "p", type = "number", choose = "first"}
last = {column = "p", choose = "last"}
middle = {column = "p", type = "number", choose = "median"}
)");
  EXPECT_EQ(items_[0].attributes.at("often"), AttributeValue(std::string("4")));
  EXPECT_EQ(items_[0].attributes.at("first"), AttributeValue(1.0));
  EXPECT_EQ(items_[0].attributes.at("last"), AttributeValue(std::string("oops")));
  EXPECT_EQ(items_[0].attributes.at("middle"), AttributeValue(3.5));
  EXPECT_EQ(items_[1].attributes.count("middle"), 0u);
  EXPECT_EQ(report_.unreadable_values, 2u);
}

TEST_F(CsvImport, NamesWhatIsWrongWithTheTable) {
  EXPECT_THAT(error("", kColumns), HasSubstr("t.csv: is empty"));
  EXPECT_THAT(error("vist,id,name,who\n", kColumns),
              HasSubstr("t.csv:1: there is no column \"visit\"; did you mean \"vist\"?"));
  EXPECT_THAT(error("visit;id;name;who\n", kColumns), HasSubstr("is the delimiter right?"));
  EXPECT_THAT(error("visit,id,name,who,id\n", kColumns), HasSubstr("two columns have the name \"id\""));
  EXPECT_THAT(error("visit,id,name,who\nv,a,x\n", kColumns),
              HasSubstr("t.csv:2: the row has 3 fields, the first row has 4"));
  EXPECT_THAT(error("visit,id,name,who\nv,query:a,x,u\n", kColumns),
              HasSubstr("t.csv:2: the item's id begins with query:"));
  EXPECT_THAT(error("visit,id,name,who,t\nv,a,x,u,noon\n", kColumns + "time = \"t\"\n"),
              HasSubstr("t.csv:2: the time \"noon\" cannot be read"));
  EXPECT_THAT(error("visit,id,name,who,r\nv,a,x,u,good\n", kColumns + "rating = \"r\"\n"),
              HasSubstr("the rating \"good\" is no number"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "events.jsonl"));
}

TEST_F(CsvImport, SkipsMalformedRowsWhenAsked) {
  run("visit,id,name,who\nv,a\n\"v\"x,a,x,u\nv,a,x,u\nv,scope:x,x,u\n", kColumns, true);
  EXPECT_EQ(report_.rows, 4u);
  EXPECT_EQ(report_.invalid, 3u);
  EXPECT_EQ(report_.kept, 1u);
  EXPECT_THAT(report_.examples[0], HasSubstr("t.csv:2: "));
}

TEST_F(CsvImport, ReadsTimesBySecondsIsoOrPattern) {
  run("visit,id,name,who,t\nv,a,x,u,100\nv,a,x,u,1970-01-02\nv,a,x,u,\n", kColumns + "time = \"t\"\n");
  EXPECT_EQ(events_[0].time, 100);
  EXPECT_EQ(events_[1].time, 86400);
  EXPECT_EQ(events_[2].time, std::nullopt);
  run("visit,id,name,who,t\nv,a,x,u,2/1/1970 0:00\n",
      kColumns + "time = \"t\"\n[events]\ntime_pattern = \"%d/%m/%Y %H:%M\"\n");
  EXPECT_EQ(events_[0].time, 86400);
}

TEST_F(CsvImport, ReportsEveryCountAsTextAndAsJson) {
  run("visit,id,name,who\nv,,x,u\nv,a,x,u\nv,a,x,u\n", kColumns + "[duplicates]\ncolumns = \"*\"\n");
  EXPECT_THAT(report_.text(),
              AllOf(HasSubstr("3  rows read\n"), HasSubstr("1  dropped: no item and no query\n"),
                    HasSubstr("1  dropped: duplicates\n"), HasSubstr("1  items\n")));
  EXPECT_THAT(report_.json(),
              AllOf(StartsWith("{\"rows\": 3, \"kept\": 1, "), HasSubstr("\"no item and no query\": 1"),
                    HasSubstr("\"duplicates\": 1"), testing::EndsWith("\"examples\": []}")));
}

TEST_F(CsvImport, NamesWhatIsWrongWithItsConfiguration) {
  const auto bad = [](const std::string& toml) -> std::string {
    try {
      parse_csv_config(toml, "c.toml");
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(bad(""), HasSubstr("columns is missing"));
  EXPECT_THAT(bad("[columns]\nuser = \"u\"\n"), HasSubstr("columns.item is missing"));
  EXPECT_THAT(bad("[columns]\nitem = \"u\"\n"), HasSubstr("columns.user is missing"));
  EXPECT_THAT(bad(kColumns + "titel = \"x\"\n"),
              HasSubstr("c.toml:6:1: unknown key columns.titel; did you mean columns.title?"));
  EXPECT_THAT(bad(kColumns + "[[drop]]\ncolumn = \"x\"\n"), HasSubstr("drop.column has no test"));
  EXPECT_THAT(bad(kColumns + "[[drop]]\nempty = true\n"), HasSubstr("drop.column is missing"));
  EXPECT_THAT(bad(kColumns + "[[drop]]\ncolumn = \"x\"\nempty = true\nprefix = \"a\"\n"),
              HasSubstr("drop.prefix is a second test beside empty"));
  EXPECT_THAT(bad(kColumns + "[[drop]]\ncolumn = \"x\"\npattern = \"(\"\n"),
              HasSubstr("drop.pattern is no regular expression"));
  EXPECT_THAT(bad(kColumns + "[[mend]]\ncolumn = \"x\"\n"), HasSubstr("mend.column has no change"));
  EXPECT_THAT(bad(kColumns + "[csv]\ndelimiter = \"ab\"\n"), HasSubstr("csv.delimiter is not one character"));
  EXPECT_THAT(bad(kColumns + "[csv]\nencoding = \"utf-16\"\n"), HasSubstr("one of \"utf-8\", \"latin1\""));
  EXPECT_THAT(bad(kColumns + "[events]\ntime_pattern = \"%Q\"\n"),
              AllOf(StartsWith("c.toml:7:"), HasSubstr("unknown directive")));
  EXPECT_THAT(bad(kColumns + "[columns.attributes]\np = {column = \"p\", choose = \"median\"}\n"),
              HasSubstr("\"median\", which only numbers have"));
}

TEST_F(CsvImport, AcceptsTheConfigurationsThatShip) {
  const std::filesystem::path folder = std::filesystem::path(SEGUE_SOURCE_DIR) / "examples" / "online-retail";
  const CsvImportConfig by_invoice = load_csv_config(folder / "by-invoice.toml");
  EXPECT_FALSE(by_invoice.events.session_without_user);
  const CsvImportConfig by_customer = load_csv_config(folder / "by-customer.toml");
  EXPECT_TRUE(by_customer.events.session_without_user);
  EXPECT_EQ(by_customer.drop.size(), 5u);
}

TEST_F(CsvImport, AcceptsTheConfigurationOfItsDocumentation) {
  const std::string page = read_lines(std::filesystem::path(SEGUE_SOURCE_DIR) / "docs" / "import-csv.md");
  const std::size_t begin = page.find("```toml\n") + 8;
  const CsvImportConfig config =
      parse_csv_config(page.substr(begin, page.find("```", begin) - begin), "import-csv.md");
  EXPECT_EQ(config.columns.item, "StockCode");
  EXPECT_EQ(config.attributes.size(), 2u);
  EXPECT_EQ(config.mend.size(), 1u);
  EXPECT_EQ(config.drop.size(), 1u);
}

TEST(TitleText, PutsCapitalsInTheCaseOfASentence) {
  const std::vector<std::string> words = {"T-light", "USB"};
  EXPECT_EQ(sentence_case("WHITE HANGING HEART T-LIGHT HOLDER", words), "White hanging heart T-light holder");
  EXPECT_EQ(sentence_case("USB LAMP (USB/PLUG)", words), "USB lamp (USB/plug)");
  EXPECT_EQ(sentence_case("3 TIER CAKE STAND"), "3 tier cake stand");
  EXPECT_EQ(sentence_case("\u00c9TAG\u00c8RE EN BOIS"), "\u00c9tag\u00e8re en bois");
  EXPECT_EQ(sentence_case("BAG 125g SWIRLY MARBLES"), "Bag 125g swirly marbles");
}

TEST(TitleText, LeavesOtherTitlesAsTheyAre) {
  EXPECT_EQ(sentence_case("Dr. Jam's Arouzer Stress Ball"), "Dr. Jam's Arouzer Stress Ball");
  EXPECT_EQ(sentence_case(""), "");
  EXPECT_EQ(sentence_case("12"), "12");
}

TEST(TitleText, CollapsesBlanks) {
  EXPECT_EQ(collapse_blanks("  a \t b\n"), "a b");
  EXPECT_EQ(trim(" a b "), "a b");
}

TEST(FieldTest, ComparesNumbersOnlyWhereThereAreNumbers) {
  EXPECT_TRUE(FieldTest::at_most(0)("-1.5"));
  EXPECT_TRUE(FieldTest::at_most(0)("0"));
  EXPECT_FALSE(FieldTest::at_most(0)(""));
  EXPECT_FALSE(FieldTest::at_most(0)("-x"));
  EXPECT_TRUE(FieldTest::at_least(3)("+3"));
  EXPECT_TRUE(FieldTest::no_number()("1,000"));
  EXPECT_TRUE(FieldTest::empty()(""));
}

TEST(FieldTest, FindsPatternsInLongFieldsWithoutOverflow) {
  const FieldTest test = FieldTest::pattern("^(a|b)*c");
  EXPECT_FALSE(test(std::string(2'000'000, 'a')));
  EXPECT_TRUE(test("abac"));
  EXPECT_THROW(FieldTest::pattern("["), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
