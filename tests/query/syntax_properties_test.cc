#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "query/syntax/parser.h"

namespace segue::query::syntax {
namespace {

/// What has to hold for any text at all. Returns what is wrong, empty for nothing.
std::string complaint(std::string_view text, const ParseLimits& limits = {}) {
  const ParseResult parsed = parse(text, limits);
  for (const Diagnostic& d : parsed.diagnostics) {
    if (d.range.begin > d.range.end || d.range.end > text.size()) return "a diagnostic outside the text";
    if (d.message.empty()) return "a diagnostic without a message";
  }
  const std::string canonical = print(parsed.tree);
  const ParseResult again = parse(canonical, limits);
  if (!(again.tree == parsed.tree)) return "reads back as another tree from " + canonical;
  if (parsed.ok() && !again.ok()) return "reads back with errors from " + canonical;
  return {};
}

TEST(Parser, TakesEveryShortTextAndReadsItsOwnPrintingBack) {
  constexpr std::array<std::string_view, 19> kPieces = {"a", "\"", "(", ")", "{", "}", "[", "]",  "!",   "+",
                                                        "-", ":",  "^", "~", "*", "$", " ", "\\", "AND "};
  std::size_t texts = 0;
  std::string text;
  const auto extend = [&](const auto& self, int left) -> void {
    ++texts;
    const std::string wrong = complaint(text);
    ASSERT_TRUE(wrong.empty()) << "`" << text << "` " << wrong;
    if (left == 0) return;
    for (const std::string_view piece : kPieces) {
      const std::size_t length = text.size();
      text += piece;
      self(self, left - 1);
      text.resize(length);
      if (testing::Test::HasFatalFailure()) return;
    }
  };
  extend(extend, 5);
  EXPECT_EQ(texts, (19u * 19u * 19u * 19u * 19u * 19u - 1) / 18);
}

TEST(Parser, TakesLongerRandomTextsOfTheSameKind) {
  constexpr std::array<std::string_view, 40> kPieces = {"a",        "b ",
                                                        "\"",       "(",
                                                        ")",        "{",
                                                        "}",        "[",
                                                        "]",        "!",
                                                        "+",        "-",
                                                        ":",        "^",
                                                        "~",        "*",
                                                        "?",        "$",
                                                        " ",        "\\",
                                                        " AND ",    " OR ",
                                                        " NOT ",    " TO ",
                                                        "{!k ",     "x=1 ",
                                                        "}(",       "$q",
                                                        "0.5",      "[1,2]",
                                                        "\\u00e9",  "\xff",
                                                        "\xc3\xa9", "'",
                                                        "=",        "f:",
                                                        "~0.5",     "\xe3\x80\x80",
                                                        "&&",       "||"};
  std::mt19937 random(17);
  std::uniform_int_distribution<std::size_t> piece(0, kPieces.size() - 1);
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (int n = 3 + i % 10; n > 0; --n) text += kPieces[piece(random)];
    const std::string wrong = complaint(text);
    ASSERT_TRUE(wrong.empty()) << "`" << text << "` " << wrong;
  }
}

TEST(Parser, TakesAnyBytes) {
  std::mt19937 random(23);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (int n = i % 24; n > 0; --n) text.push_back(static_cast<char>(byte(random)));
    const std::string wrong = complaint(text);
    ASSERT_TRUE(wrong.empty()) << testing::PrintToString(text) << wrong;
  }
}

TEST(Parser, TakesTimeLinearInTheText) {
  constexpr std::string_view kFragments[] = {
      "a",      "a ",       "(",  ")",   "[",      "[a",       "]",     "{",   "{!",      "{!a ",
      "{!a b=", "{!a}(",    "\"", "\"a", "~",      "^",        "^2",    "a^",  ":",       "a:",
      "a :",    "*",        "*:", "* :", "\\",     "\\u",      "\\u0",  "-",   "+a",      "AND ",
      "a AND ", "NOT ",     "$a", "$a-", "{!a}[",  "{!a}[1",   "[a TO", "[\"", "{!a b='", "=",
      "\xff",   "\xe3\x80", "(a", "(a)", "a b=c ", "{!a b=c}", "0",     "^0"};
  const ParseLimits wide{1 << 20, 1 << 20, 32, true};
  for (const std::string_view fragment : kFragments) {
    std::string text;
    while (text.size() < 200'000) text += fragment;
    const auto begin = std::chrono::steady_clock::now();
    const ParseResult parsed = parse(text, wide);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    // A quadratic step of 1 ns each would take 40 s.
    EXPECT_LT(seconds.count(), 1.0) << fragment;
    EXPECT_LE(parsed.diagnostics.size(), 33u) << fragment;
  }
}

TEST(Parser, RefusesWhatIsBeyondItsLimitsWithADiagnostic) {
  const auto message = [](std::string_view text, const ParseLimits& limits) {
    const ParseResult parsed = parse(text, limits);
    return parsed.diagnostics.size() == 1 ? parsed.diagnostics[0].message : std::string();
  };
  EXPECT_EQ(message("abcdef", {.bytes = 5}), "the query has 6 bytes, more than the limit of 5");
  EXPECT_EQ(message("a b c", {.clauses = 2}), "the query has more clauses than the limit of 2");
  EXPECT_EQ(message("(a (b c", {.clauses = 1}), "the query has more clauses than the limit of 1");
  EXPECT_EQ(message("((a))", {.depth = 1}), "the query is nested deeper than the limit of 1");
  EXPECT_EQ(message("{!mmr}({!mmr}(a (b)))", {.depth = 1}), "the query is nested deeper than the limit of 1");
  EXPECT_TRUE(parse("abcde", {.bytes = 5}).ok());
  EXPECT_TRUE(parse("a b", {.clauses = 2}).ok());
  EXPECT_TRUE(parse("(a)", {.depth = 1}).ok());
  EXPECT_EQ(print(parse("a b c", {.clauses = 2}).tree), "a b") << "what was within the limit stays";
  const std::string deep = std::string(100'000, '(') + std::string(100'000, ')');
  EXPECT_FALSE(parse(deep, {.bytes = 1 << 20, .depth = 1'000'000}).ok())
      << "no caller can ask for a deep stack";
}

TEST(Parser, SaysThatAnEmptyTextIsEmpty) {
  for (const std::string_view text : {"", " ", "\t\n", "\xe3\x80\x80"}) {
    const ParseResult parsed = parse(text);
    ASSERT_EQ(parsed.diagnostics.size(), 1u);
    EXPECT_EQ(parsed.diagnostics[0].message, "the query is empty");
    EXPECT_TRUE(parsed.tree == Node{});
  }
}

TEST(Parser, KeepsInvalidBytesOutOfTheTree) {
  const ParseResult parsed = parse(
      "a\xff\xfe"
      "b \"\xc3\" \xed\xa0\x80 c");
  ASSERT_EQ(parsed.diagnostics.size(), 3u);
  EXPECT_EQ(parsed.diagnostics[0].message, "these bytes are not UTF-8");
  EXPECT_EQ(parsed.diagnostics[0].range.begin, 1u);
  EXPECT_EQ(parsed.diagnostics[0].range.end, 3u);
  EXPECT_EQ(print(parsed.tree), "a\uFFFD\uFFFDb \"\uFFFD\" \uFFFD\uFFFD\uFFFD c");
}

TEST(Parser, GivesEachNodeItsPlaceInTheText) {
  const std::string text = "+title:(red \"tea pot\"^2) {!session ctx=$c}(x)^3";
  const ParseResult parsed = parse(text);
  ASSERT_TRUE(parsed.ok());
  const auto piece = [&text](TextRange range) { return text.substr(range.begin, range.end - range.begin); };
  const Boolean& top = *parsed.tree.get_if<Boolean>();
  EXPECT_EQ(piece(parsed.tree.range), text);
  EXPECT_EQ(piece(top.clauses[0].node.range), "title:(red \"tea pot\"^2)");
  const Boolean& group = *top.clauses[0].node.get_if<Boolean>();
  EXPECT_EQ(piece(group.clauses[0].node.range), "red");
  EXPECT_EQ(piece(group.clauses[1].node.range), "\"tea pot\"^2");
  EXPECT_EQ(piece(top.clauses[1].node.range), "{!session ctx=$c}(x)^3");
  const Operator& op = *top.clauses[1].node.get_if<Operator>();
  EXPECT_EQ(piece(op.arguments[0].range), "ctx=$c");
  EXPECT_EQ(piece(op.arguments[0].value.range), "$c");
  EXPECT_EQ(piece(op.bodies[0].range), "(x)");
}

TEST(Parser, LeavesParametersAndOperatorsToTextsThatMayHoldThem) {
  const ParseLimits strict{.operators = false};
  const ParseResult word = parse("$q $a-b", strict);
  EXPECT_TRUE(word.ok());
  EXPECT_EQ(print(word.tree), "\\$q \\$a-b");
  const ParseResult op = parse("a {!session ctx=$c}(b) c", strict);
  ASSERT_EQ(op.diagnostics.size(), 1u);
  EXPECT_EQ(op.diagnostics[0].message, "operators are not allowed in this query");
  EXPECT_EQ(op.diagnostics[0].range.begin, 2u);
  EXPECT_EQ(op.diagnostics[0].range.end, 19u);
  EXPECT_EQ(print(op.tree), "a c");
}

}  // namespace
}  // namespace segue::query::syntax
