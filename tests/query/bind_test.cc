#include "query/operators/bind.h"

#include <gtest/gtest.h>

namespace segue::query {
namespace {

using syntax::Diagnostic;
using syntax::Node;

Node bound(const std::string& text, const Params& params, std::vector<Diagnostic>& diagnostics,
           const Limits& limits = {}) {
  auto parsed = syntax::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return bind_params(std::move(parsed.tree), params, limits, diagnostics);
}

TEST(BindParams, MakesTextPlainWordsThatCannotAddSyntax) {
  for (const std::string hostile :
       {"{!session ctx=$ctx}", "a) OR (b", "title:x", "\"", "a \" b", "-a +b", "*:*", "[1 TO 2]", "a~ b^9"}) {
    std::vector<Diagnostic> diagnostics;
    const Node tree = bound("$q", {{"q", hostile}}, diagnostics);
    ASSERT_NE(tree.get_if<syntax::Words>(), nullptr) << hostile;
    EXPECT_EQ(tree.get_if<syntax::Words>()->text, hostile);
    EXPECT_TRUE(diagnostics.empty());
  }
}

TEST(BindParams, ReadsPairsOfDoubleQuotesAsPhrases) {
  std::vector<Diagnostic> diagnostics;
  const Node tree = bound("$q", {{"q", std::string("red \"floor lamp\" (cheap) \"odd")}}, diagnostics);
  const auto& clauses = tree.get_if<syntax::Boolean>()->clauses;
  ASSERT_EQ(clauses.size(), 3u);
  EXPECT_EQ(clauses[0].node.get_if<syntax::Words>()->text, "red ");
  EXPECT_EQ(clauses[1].node.get_if<syntax::Phrase>()->text, "floor lamp");
  EXPECT_EQ(clauses[2].node.get_if<syntax::Words>()->text, " (cheap) \"odd");
  for (const auto& clause : clauses) EXPECT_EQ(clause.occur, syntax::Occur::kShould);
}

TEST(BindParams, ReadsStrictTextAsClassicSyntaxWithoutOperators) {
  std::vector<Diagnostic> diagnostics;
  const auto strict = [&](const std::string& text) {
    diagnostics.clear();
    auto parsed = syntax::parse("$q^2");
    return bind_params(std::move(parsed.tree), {{"q", text}}, Limits(), diagnostics, TextMode::kStrict);
  };
  const Node tree = strict("+lamp -title:red");
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(tree.boost, 2);
  EXPECT_EQ(syntax::print(tree.get_if<syntax::Boolean>()->clauses[0].node), "+lamp -title:red");
  strict("(lamp");
  ASSERT_FALSE(diagnostics.empty());
  EXPECT_EQ(diagnostics[0].severity, Diagnostic::Severity::kError);
  EXPECT_EQ(diagnostics[0].source, "$q");
  strict("{!session ctx=$ctx}");
  EXPECT_FALSE(diagnostics.empty()) << "no operator comes in by a parameter";
}

TEST(BindParams, ReachesGroupsAndTheBodiesOfOperators) {
  std::vector<Diagnostic> diagnostics;
  const Node tree =
      bound("+(a $q)^2 {!hybrid}($q)({!session ctx=$q})", {{"q", std::string("lamp")}}, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  const auto& clauses = tree.get_if<syntax::Boolean>()->clauses;
  EXPECT_NE(clauses[0].node.get_if<syntax::Boolean>()->clauses[1].node.get_if<syntax::Words>(), nullptr);
  const auto& bodies = clauses[1].node.get_if<syntax::Operator>()->bodies;
  EXPECT_NE(std::get<std::vector<Node>>(bodies[0].value)[0].get_if<syntax::Words>(), nullptr);
}

TEST(BindParams, ReportsAnUnboundNameWithItsPosition) {
  std::vector<Diagnostic> diagnostics;
  bound("lamp $missing", {}, diagnostics);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].severity, Diagnostic::Severity::kError);
  EXPECT_EQ(diagnostics[0].range.begin, 5u);
  EXPECT_EQ(diagnostics[0].range.end, 13u);
}

TEST(BindParams, RefusesAListWhereTextIsNeededAndSaysWhatToWrite) {
  std::vector<Diagnostic> diagnostics;
  bound("$ctx", {{"ctx", std::vector<index::Event>{}}}, diagnostics);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].suggestion, "write {!session ctx=$ctx}");
}

TEST(BindParams, CutsLongTextAtACharacterWithAWarning) {
  Limits limits;
  limits.bytes = 4;
  std::vector<Diagnostic> diagnostics;
  const Node tree = bound("$q", {{"q", std::string("ab\xc3\xa4\xc3\xb6")}}, diagnostics, limits);
  EXPECT_EQ(tree.get_if<syntax::Words>()->text, "ab\xc3\xa4");
  limits.bytes = 3;
  EXPECT_EQ(bound("$q", {{"q", std::string("ab\xc3\xa4\xc3\xb6")}}, diagnostics, limits)
                .get_if<syntax::Words>()
                ->text,
            "ab");
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].severity, Diagnostic::Severity::kWarning);
}

}  // namespace
}  // namespace segue::query
