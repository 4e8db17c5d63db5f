#include "integration/cli/diagnostics_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace segue::integration {
namespace {

using query::syntax::Diagnostic;

std::string shown(const std::string& query, Diagnostic diagnostic, TerminalStyle style = {}) {
  std::ostringstream out;
  print_diagnostics(out, style, query, std::vector{diagnostic});
  return out.str();
}

Diagnostic error_at(std::size_t begin, std::size_t end) {
  return {Diagnostic::Severity::kError, {begin, end}, "wrong", "mend it"};
}

TEST(Diagnostics, PutCaretsUnderTheBytesThatTheyAreAbout) {
  EXPECT_EQ(shown("lamp {!sesion}", error_at(5, 14)),
            "error: wrong\n"
            "  lamp {!sesion}\n"
            "       ^~~~~~~~~\n"
            "  mend it\n");
}

TEST(Diagnostics, CountColumnsWhereCharactersAreWiderThanABlankOrThanAByte) {
  // "lämp 日本 x": the x begins at byte 13 and stands in column 10.
  EXPECT_EQ(shown("lämp 日本 x", error_at(13, 14)),
            "error: wrong\n"
            "  lämp 日本 x\n"
            "            ^\n"
            "  mend it\n");
}

TEST(Diagnostics, PointBehindTheQueryWhereSomethingIsMissing) {
  EXPECT_THAT(shown("(lamp", error_at(5, 5)), testing::HasSubstr("  (lamp\n       ^\n"));
}

TEST(Diagnostics, ShowOnlyTheLineThatTheyAreAbout) {
  EXPECT_THAT(shown("one\ntwo bad\nthree", error_at(8, 11)), testing::HasSubstr("\n  two bad\n      ^~~\n"));
}

TEST(Diagnostics, StayWithinTheQueryWhateverTheirRange) {
  EXPECT_THAT(shown("abc", error_at(2, 99)), testing::HasSubstr("  abc\n    ^\n"));
  EXPECT_THAT(shown("abc", error_at(50, 99)), testing::HasSubstr("  abc\n     ^\n"));
}

TEST(Diagnostics, TellWarningsFromErrors) {
  Diagnostic diagnostic = error_at(0, 1);
  diagnostic.severity = Diagnostic::Severity::kWarning;
  EXPECT_THAT(shown("a", diagnostic), testing::StartsWith("warning: wrong\n"));
}

TEST(Diagnostics, AboutAnotherTextNameItAndLeaveTheQueryOut) {
  Diagnostic diagnostic = error_at(4, 5);
  diagnostic.source = "filter";
  EXPECT_EQ(shown("lamp AND lantern", diagnostic), "error (filter): wrong\n  mend it\n");
}

TEST(Diagnostics, OfAnEmptyQueryShowTheMessageAlone) {
  EXPECT_EQ(shown("", error_at(0, 0)), "error: wrong\n  mend it\n");
}

TEST(Diagnostics, OfALongQueryShowThePartAroundTheFault) {
  const std::string text = shown(std::string(500, 'a') + " BAD " + std::string(500, 'b'), error_at(501, 504));
  std::istringstream lines(text);
  std::string message, query, carets;
  std::getline(lines, message);
  std::getline(lines, query);
  std::getline(lines, carets);
  EXPECT_LE(query.size(), 100u);
  EXPECT_EQ(query.substr(carets.find('^'), 3), "BAD");
  EXPECT_EQ(carets.substr(carets.find('^')), "^~~");
}

}  // namespace
}  // namespace segue::integration
