#include <gtest/gtest.h>

#include <random>

#include "index/input/fold.h"

namespace segue::index {
namespace {

std::string utf8(char32_t c) {
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

TEST(Fold, LowersAsciiAndCollapsesWhiteSpace) {
  EXPECT_EQ(fold("  WHITE\t hanging \n Heart "), "white hanging heart");
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold(" \t "), "");
}

TEST(Fold, TurnsPunctuationAndSymbolsIntoBlanks) {
  EXPECT_EQ(fold("T-Light"), fold("t light"));
  EXPECT_EQ(fold("salt & pepper"), "salt pepper");
  EXPECT_EQ(fold("a/b_c.d"), "a b c d");
  EXPECT_EQ(fold("caf\u00e9\u2014bar"), "cafe bar");
  EXPECT_EQ(fold("?!"), "");
  EXPECT_EQ(fold("\U0001f600 smile"), "smile");
}

TEST(Fold, RemovesApostrophes) {
  EXPECT_EQ(fold("Don't"), "dont");
  EXPECT_EQ(fold("don\u2019t"), "dont");
  EXPECT_EQ(fold("don\u00b4t"), "dont");
  EXPECT_EQ(fold("l`eau"), "leau");
}

TEST(Fold, RemovesMarksInLatinGreekAndCyrillicOnly) {
  EXPECT_EQ(fold("Cr\u00e8me Br\u00fbl\u00e9e"), "creme brulee");
  EXPECT_EQ(fold("Cre\u0300me"), "creme");
  EXPECT_EQ(fold("\u0386\u03bb\u03c6\u03b1"), "\u03b1\u03bb\u03c6\u03b1");
  EXPECT_EQ(fold("\u0401\u043b\u043a\u0430"), "\u0435\u043b\u043a\u0430");
  EXPECT_EQ(fold("\u304c"), "\u304c");              // hiragana ga keeps its voicing mark
  EXPECT_EQ(fold("\u304b\u3099"), "\u304c");        // and composes it
  EXPECT_EQ(fold("\u0915\u093f"), "\u0915\u093f");  // devanagari ki keeps its vowel sign
  EXPECT_EQ(fold("\u1112\u1161\u11ab"), "\ud55c");  // hangul composes
}

TEST(Fold, SpellsLettersWithoutDecompositionInAscii) {
  EXPECT_EQ(fold("\u0141\u00f3d\u017a"), "lodz");
  EXPECT_EQ(fold("Sm\u00f8rrebr\u00f8d"), "smorrebrod");
  EXPECT_EQ(fold("\u00c6r\u00f8"), "aero");
  EXPECT_EQ(fold("\u0152uvre"), "oeuvre");
  EXPECT_EQ(fold("Stra\u00dfe"), "strasse");
  EXPECT_EQ(fold("STRA\u1e9eE"), "strasse");
  EXPECT_EQ(fold("\u00de\u00f3r\u00f0ur"), "thordur");
  EXPECT_EQ(fold("\u01fe"), "o");
  EXPECT_EQ(fold("\u0130stanbul \u0131"), "istanbul i");
}

TEST(Fold, AppliesCompatibilityForms) {
  EXPECT_EQ(fold("\uff34\uff25\uff33\uff34"), "test");
  EXPECT_EQ(fold("\ufb01ne"), "fine");
  EXPECT_EQ(fold("m\u00b2"), "m2");
  EXPECT_EQ(fold("\u210c"), "h");
  EXPECT_EQ(fold("\u03a3\u03a3\u03c2"), "\u03c3\u03c3\u03c3");
}

TEST(Fold, DropsIgnorableCharactersAndTradeMarks) {
  EXPECT_EQ(fold("hand\u00adbag"), "handbag");
  EXPECT_EQ(fold("zero\u200dwidth"), "zerowidth");
  EXPECT_EQ(fold("Lego\u2122 set"), "lego set");
  EXPECT_EQ(fold("Lego\u00ae set"), "lego set");
}

TEST(Fold, TreatsBytesThatAreNoUtf8AsBlanks) {
  EXPECT_EQ(fold("a\xff"
                 "b"),
            "a b");
  EXPECT_EQ(fold("\xc3"), "");
  EXPECT_EQ(fold("x\xed\xa0\x80y"), "x y");  // a surrogate
  EXPECT_EQ(fold(std::string_view("a\0\u00e9", 4)), "a e");
}

TEST(FoldPrefix, KeepsTheBlankThatEndsAWord) {
  EXPECT_EQ(fold_prefix("White "), "white ");
  EXPECT_EQ(fold_prefix("White  "), "white ");
  EXPECT_EQ(fold_prefix("t-"), "t ");
  EXPECT_EQ(fold_prefix("caf\u00e9 "), "cafe ");
  EXPECT_EQ(fold_prefix(" whi"), "whi");
  EXPECT_EQ(fold_prefix("  "), "");
}

TEST(Fold, IsIdempotentForEveryCodePoint) {
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string text = utf8(c);
    text.insert(text.begin(), 1, 'a');
    text += 'b';
    const std::string once = fold(text);
    ASSERT_EQ(fold(once), once) << std::hex << static_cast<std::uint32_t>(c);
  }
}

TEST(Fold, GivesTheSameForAsciiOnBothPaths) {
  for (int c = 1; c < 128; ++c) {
    const std::string text = std::string("a") + static_cast<char>(c) + "b";
    EXPECT_EQ(fold(text) + "e", fold(text + "\u00e9")) << c;
  }
}

TEST(Fold, NeverFailsOnRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 24, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::string once = fold(text);
    ASSERT_EQ(fold(once), once);
    ASSERT_TRUE(once.empty() || (once.front() != ' ' && once.back() != ' '));
  }
}

}  // namespace
}  // namespace segue::index
