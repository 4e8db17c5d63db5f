#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "query/syntax/parser.h"

namespace segue::query::syntax {
namespace {

struct Case {
  std::string input;
  std::string expected;
  int line = 0;
};

/// Lines `input => expected`; empty ones and those that begin with "# " are skipped.
std::vector<Case> read_cases(const std::string& name) {
  std::ifstream file(std::string(SEGUE_SOURCE_DIR) + "/tests/query/" + name);
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.rfind("# ", 0) == 0) continue;
    const std::size_t arrow = line.find(" => ");
    EXPECT_NE(arrow, std::string::npos) << name << ":" << number << " has no arrow";
    if (arrow == std::string::npos) continue;
    cases.push_back({line.substr(0, arrow), line.substr(arrow + 4), number});
  }
  return cases;
}

std::string show(const std::vector<Diagnostic>& diagnostics) {
  std::string shown;
  for (const Diagnostic& d : diagnostics) {
    if (!shown.empty()) shown += " | ";
    if (d.severity == Diagnostic::Severity::kWarning) shown += "warning ";
    shown += std::to_string(d.range.begin) + "-" + std::to_string(d.range.end) + ": " + d.message;
  }
  return shown;
}

TEST(SyntaxCases, EachTextHasItsCanonicalForm) {
  const std::vector<Case> cases = read_cases("syntax_cases.txt");
  ASSERT_GE(cases.size(), 150u);
  for (const Case& one : cases) {
    const ParseResult parsed = parse(one.input);
    EXPECT_TRUE(parsed.ok()) << "line " << one.line << ": " << show(parsed.diagnostics);
    EXPECT_EQ(print(parsed.tree), one.expected) << "line " << one.line;
    EXPECT_TRUE(parse(one.expected).tree == parsed.tree)
        << "line " << one.line << " reads back as another tree";
  }
}

TEST(SyntaxCases, EachErrorIsFoundAtItsPlace) {
  const std::vector<Case> cases = read_cases("syntax_errors.txt");
  ASSERT_GE(cases.size(), 60u);
  for (const Case& one : cases) {
    const ParseResult parsed = parse(one.input);
    EXPECT_EQ(show(parsed.diagnostics), one.expected) << "line " << one.line << ": " << one.input;
    for (const Diagnostic& d : parsed.diagnostics) {
      EXPECT_LE(d.range.end, one.input.size());
      EXPECT_LE(d.range.begin, d.range.end);
      EXPECT_TRUE(d.severity == Diagnostic::Severity::kWarning || !d.suggestion.empty()) << one.input;
    }
  }
}

}  // namespace
}  // namespace segue::query::syntax
