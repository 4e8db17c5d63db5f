#include "integration/cli/terminal_text.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

#include "integration/cli/text_table.h"

namespace segue::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TerminalText, CountsColumnsRatherThanBytes) {
  EXPECT_EQ(display_width("lamp"), 4u);
  EXPECT_EQ(display_width("lämp"), 4u);
  EXPECT_EQ(display_width("日本"), 4u);      // two wide characters
  EXPECT_EQ(display_width("e\u0301"), 1u);   // a letter and its accent
  EXPECT_EQ(display_width("\xff\xfe"), 2u);  // no UTF-8: a question mark each
  EXPECT_EQ(display_width(""), 0u);
}

TEST(TerminalText, WhatComesFromDataCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\nc\td\x7f"), "a [2Jb  c d ");
  EXPECT_EQ(printable("\u009b31m"), " 31m");  // the one-character form of ESC [
  EXPECT_EQ(printable("caf\xc3"), "caf?");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(printable("日本 é"), "日本 é");
}

TEST(TerminalText, FitsTextIntoColumnsAndSaysThatItWasCut) {
  EXPECT_EQ(fit("hanging heart", 20, true), "hanging heart");
  EXPECT_EQ(fit("hanging heart", 8, true), "hanging…");
  EXPECT_EQ(fit("hanging heart", 8, false), "hangi...");
  EXPECT_EQ(fit("日本語", 4, true), "日…");  // a wide character is not cut in two
  EXPECT_EQ(fit("hanging", 2, false), "..");
}

TEST(TerminalText, PadsByColumns) {
  EXPECT_EQ(pad_right("ä", 3) + "|", "ä  |");
  EXPECT_EQ(pad_left("日", 4), "  日");
  EXPECT_EQ(pad_left("long", 2), "long");
}

TEST(TerminalText, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(short_number(0.03247), "0.0325");
  EXPECT_EQ(short_number(7.126), "7.13");
  EXPECT_EQ(short_number(12.34), "12.3");
  EXPECT_EQ(short_number(-1234.5), "-1,235");
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(2.5), "2.50");
  EXPECT_EQ(fixed_number(0.04126, 4), "0.0413");
}

TEST(TerminalText, WritesDurationsAndSizes) {
  EXPECT_EQ(duration(0.314), "0.31 s");
  EXPECT_EQ(duration(12.34), "12.3 s");
  EXPECT_EQ(duration(200), "3 min 20 s");
  EXPECT_EQ(duration(3723), "1 h 02 min");
  EXPECT_EQ(byte_size(512), "512 bytes");
  EXPECT_EQ(byte_size(1536), "1.50 KiB");
  EXPECT_EQ(byte_size(2.0 * 1024 * 1024 * 1024), "2.00 GiB");
}

TEST(TerminalText, PaintsOnlyInColour) {
  EXPECT_EQ(paint({}, Ink::kRed, "x"), "x");
  EXPECT_EQ(paint({.live = true, .colour = true}, Ink::kRed, "x"), "\x1b[31mx\x1b[0m");
}

/// A pseudo-terminal of 72 columns, and an environment that the test sets.
class TerminalStyleTest : public testing::Test {
 protected:
  TerminalStyleTest() : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) return;
    slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    winsize size{};
    size.ws_col = 72;
    ioctl(slave_, TIOCSWINSZ, &size);
    for (const char* name : {"NO_COLOR", "LC_ALL", "LC_CTYPE", "COLUMNS"}) unsetenv(name);
    setenv("TERM", "xterm", 1);
    setenv("LANG", "C.UTF-8", 1);
  }
  ~TerminalStyleTest() override {
    close(slave_);
    close(master_);
  }
  void SetUp() override {
    if (slave_ < 0) GTEST_SKIP() << "no pseudo-terminal here";
  }

  int master_;
  int slave_ = -1;
};

TEST_F(TerminalStyleTest, ATerminalIsLiveInColourAndAsWideAsItIs) {
  const TerminalStyle style = terminal_style(slave_);
  EXPECT_TRUE(style.live);
  EXPECT_TRUE(style.colour);
  EXPECT_TRUE(style.unicode);
  EXPECT_EQ(style.width, 72u);
}

TEST_F(TerminalStyleTest, NoColorTakesTheColourAlone) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(terminal_style(slave_).live);
  EXPECT_FALSE(terminal_style(slave_).colour);
}

TEST_F(TerminalStyleTest, ADumbTerminalGetsPlainLines) {
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(terminal_style(slave_).live);
}

TEST_F(TerminalStyleTest, UnicodeIsAMatterOfTheLocale) {
  setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(terminal_style(slave_).unicode);
  setenv("LC_ALL", "de_DE.utf8", 1);
  EXPECT_TRUE(terminal_style(slave_).unicode);
}

TEST_F(TerminalStyleTest, AFileIsNeverLive) {
  std::FILE* file = std::tmpfile();
  EXPECT_FALSE(terminal_style(fileno(file)).live);
  EXPECT_FALSE(terminal_style(fileno(file)).colour);
  std::fclose(file);
}

class TextTableTest : public testing::Test {
 protected:
  std::string printed(const TextTable& table, TerminalStyle style = {}, std::size_t indent = 0) {
    std::ostringstream out;
    table.print(out, style, indent);
    return out.str();
  }
};

TEST_F(TextTableTest, AlignsColumnsAndEndsLinesWithoutBlanks) {
  TextTable table({{"id"}, {"score", TextTable::Align::kRight}, {"title"}});
  table.add_row({"a", "1.5", "lämp"});
  table.add_row({"bbb", "10.25", ""});
  EXPECT_EQ(printed(table), "id   score  title\na      1.5  lämp\nbbb  10.25\n");
}

TEST_F(TextTableTest, HasNoHeadingLineWhereAllHeadingsAreEmpty) {
  TextTable table({{""}, {""}});
  table.add_row({"a", "b"});
  EXPECT_EQ(printed(table, {}, 2), "  a  b\n");
}

TEST_F(TextTableTest, GivesWayToTheTerminalButNotToAPipe) {
  TextTable table({{"id"}, {"title"}});
  table.add_row({"a", std::string(200, 't')});
  EXPECT_THAT(printed(table), HasSubstr(std::string(200, 't')));
  const std::string narrow = printed(table, {.live = true, .colour = false, .unicode = true, .width = 40});
  EXPECT_THAT(narrow, HasSubstr("a   " + std::string(35, 't') + "…\n"));
}

TEST_F(TextTableTest, NeverCutsNumbers) {
  TextTable table({{"n", TextTable::Align::kRight}, {"title"}});
  table.add_row({"1234567890123456789012345", "a title that is long"});
  EXPECT_THAT(printed(table, {.live = true, .width = 20}), HasSubstr("1234567890123456789012345"));
}

TEST_F(TextTableTest, RefusesARowOfAnotherLength) {
  TextTable table({{"a"}, {"b"}});
  EXPECT_THROW(table.add_row({"one"}), std::invalid_argument);
}

TEST_F(TextTableTest, CleansItsCells) {
  TextTable table({{"a"}});
  table.add_row({"x\x1b[31my"});
  EXPECT_THAT(printed(table), Not(HasSubstr("\x1b")));
}

TEST(Counted, TakesTheSingularForOneAlone) {
  EXPECT_EQ(counted(0, "hit", "hits"), "0 hits");
  EXPECT_EQ(counted(1, "hit", "hits"), "1 hit");
  EXPECT_EQ(counted(1615, "hit", "hits"), "1,615 hits");
}

}  // namespace
}  // namespace segue::integration
