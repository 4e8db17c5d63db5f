#include "index/input/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Record = std::vector<std::string>;

class Csv : public testing::Test {
 protected:
  Csv() : file_(std::filesystem::path(testing::TempDir()) / "segue_csv_reader.csv") {}
  ~Csv() override { std::filesystem::remove(file_); }

  std::vector<Record> read(std::string_view text) {
    std::ofstream(file_, std::ios::binary) << text;
    CsvReader reader(file_, options_);
    std::vector<Record> records;
    Record fields;
    while (reader.next(fields)) records.push_back(fields);
    return records;
  }
  std::string error(std::string_view text) {
    try {
      read(text);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
      return e.what();
    }
    return "no error";
  }

  std::filesystem::path file_;
  CsvOptions options_;
};

TEST_F(Csv, SplitsLinesAtTheDelimiter) {
  EXPECT_THAT(read("a,b\n1,2\n"), ElementsAre(Record{"a", "b"}, Record{"1", "2"}));
  EXPECT_THAT(read("a,,b,\n"), ElementsAre(Record{"a", "", "b", ""}));
  EXPECT_THAT(read(","), ElementsAre(Record{"", ""}));
  options_.delimiter = '\t';
  EXPECT_THAT(read("a,b\tc\n"), ElementsAre(Record{"a,b", "c"}));
}

TEST_F(Csv, TakesEveryFormOfLineEndAndSkipsEmptyLines) {
  EXPECT_THAT(read("a\r\nb\r\n"), ElementsAre(Record{"a"}, Record{"b"}));
  EXPECT_THAT(read("\na\n\r\n\nb"), ElementsAre(Record{"a"}, Record{"b"}));
  EXPECT_THAT(read("\xef\xbb\xbfid,title\n"), ElementsAre(Record{"id", "title"}));
  EXPECT_THAT(read(""), IsEmpty());
}

TEST_F(Csv, ReadsQuotedFields) {
  EXPECT_THAT(read("\"a,b\",c\n"), ElementsAre(Record{"a,b", "c"}));
  EXPECT_THAT(read("\"say \"\"hi\"\"\",\"\"\n"), ElementsAre(Record{"say \"hi\"", ""}));
  EXPECT_THAT(read("\"two\r\nlines\",x\r\ny,z\n"), ElementsAre(Record{"two\nlines", "x"}, Record{"y", "z"}));
  EXPECT_THAT(read("\"\n\n\"\n"), ElementsAre(Record{"\n\n"}));
  EXPECT_THAT(read("\"\"\"\"\n"), ElementsAre(Record{"\""}));
}

TEST_F(Csv, TakesAQuoteInsideAPlainFieldAsItIs) {
  EXPECT_THAT(read("6\" nail,x\nb,5\"\n"), ElementsAre(Record{"6\" nail", "x"}, Record{"b", "5\""}));
}

TEST_F(Csv, NamesTheFirstLineOfAMalformedRecord) {
  EXPECT_THAT(error("a\n\"b\nc\nd\n"), HasSubstr(".csv:2: a quote that opens a field is never closed"));
  EXPECT_THAT(error("a\n\"b\"c\n"), HasSubstr(".csv:2: text follows the closing quote"));
  EXPECT_THAT(error("a\n\n\xff\n"),
              HasSubstr(".csv:3: the record is not valid UTF-8; say encoding = \"latin1\""));
  EXPECT_THAT(error(std::string_view("a\nb\0\n", 5)), HasSubstr(".csv:2: the record holds a NUL character"));
  EXPECT_THAT(error("\"" + std::string(2 << 20, 'x') + "\n\"\n"), HasSubstr("never closed"));
}

TEST_F(Csv, GoesOnBehindAMalformedRecord) {
  std::ofstream(file_) << "\"a\"b\nc\n";
  CsvReader reader(file_);
  Record fields;
  EXPECT_THROW(reader.next(fields), Error);
  EXPECT_TRUE(reader.next(fields));
  EXPECT_THAT(fields, ElementsAre("c"));
}

TEST_F(Csv, DecodesLatin1AsBrowsersDo) {
  options_.encoding = TextEncoding::kLatin1;
  EXPECT_THAT(read("caf\xe9,\x80 5\n"), ElementsAre(Record{"caf\u00e9", "\u20ac 5"}));
}

TEST_F(Csv, RoundTripsWhatIsQuotedByTheRules) {
  std::mt19937 random(17);
  std::vector<Record> records;
  std::string text;
  for (int row = 0; row < 2000; ++row) {
    Record record(1 + random() % 4);
    for (std::string& field : record) {
      for (std::size_t n = random() % 6; n > 0; --n) field += "ab,\"\n \u00e9"[random() % 6];
    }
    if (record == Record{""}) record[0] = "x";  // an empty line is no record
    for (std::size_t i = 0; i < record.size(); ++i) {
      text += i == 0 ? "" : ",";
      const bool quote = record[i].find_first_of(",\"\n") != std::string::npos || random() % 4 == 0;
      std::string field;
      for (const char c : record[i]) field += c == '"' && quote ? "\"\"" : std::string(1, c);
      text += quote ? "\"" + field + "\"" : field;
    }
    text += random() % 2 == 0 ? "\n" : "\r\n";
    records.push_back(record);
  }
  EXPECT_EQ(read(text), records);
}

TEST_F(Csv, NeverCrashesOnRandomBytes) {
  std::mt19937 random(23);
  std::size_t records = 0;
  std::size_t errors = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text(random() % 400, '\0');
    for (char& c : text) c = "ab,\"\"\n\r\x01\xc3\xa9"[random() % 11];
    std::ofstream(file_, std::ios::binary) << text;
    CsvReader reader(file_);
    Record fields;
    for (bool more = true; more;) {
      try {
        more = reader.next(fields);
        records += more ? 1 : 0;
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(records, 100u);
  EXPECT_GT(errors, 100u);
}

}  // namespace
}  // namespace segue::index
