#include "query/operators/operator_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "query/syntax/parser.h"

namespace segue::query {
namespace {

using syntax::Diagnostic;

struct Outcome {
  std::optional<Arguments> arguments;
  std::vector<Diagnostic> diagnostics;
};

/// Resolves the operator that `text` is; the outcome's arguments view the static parameters.
Outcome resolve(const std::string& text, const Limits& limits = {}) {
  static const Params params = {{"ctx", std::vector<index::Event>{{}}},
                                {"v", std::vector<double>{0.5, 1}},
                                {"n", 7.0},
                                {"word", std::string("mf")}};
  Outcome outcome;
  static std::vector<std::unique_ptr<syntax::Node>>
      trees;  // arguments do not view the tree, but keep it anyway
  auto parsed = syntax::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  trees.push_back(std::make_unique<syntax::Node>(std::move(parsed.tree)));
  outcome.arguments = resolve_arguments(*trees.back(), params, limits, outcome.diagnostics);
  return outcome;
}

std::string only_error(const std::string& text) {
  const Outcome outcome = resolve(text);
  EXPECT_FALSE(outcome.arguments.has_value()) << text;
  EXPECT_EQ(outcome.diagnostics.size(), 1u) << text;
  if (outcome.diagnostics.empty()) return "";
  const Diagnostic& d = outcome.diagnostics.front();
  return text.substr(d.range.begin, d.range.end - d.range.begin) + " | " + d.message + " | " + d.suggestion;
}

TEST(OperatorTable, FillsInDefaults) {
  const Outcome outcome = resolve("{!session ctx=$ctx}");
  ASSERT_TRUE(outcome.arguments.has_value());
  EXPECT_EQ(outcome.arguments->text("model"), "blend");
  EXPECT_EQ(outcome.arguments->count("topK"), 100u);
  EXPECT_EQ(outcome.arguments->text("seen"), "auto");
  EXPECT_FALSE(outcome.arguments->given("topK"));
  ASSERT_NE(outcome.arguments->session("ctx"), nullptr);
  EXPECT_EQ(outcome.arguments->session("ctx")->size(), 1u);
}

TEST(OperatorTable, LooksUpParametersOfEveryType) {
  EXPECT_EQ(resolve("{!session ctx=$ctx topK=$n}").arguments->count("topK"), 7u);
  EXPECT_EQ(resolve("{!session ctx=$ctx model=$word}").arguments->text("model"), "mf");
  const Outcome knn = resolve("{!knn f=content v=$v}");
  ASSERT_NE(knn.arguments->vector("v"), nullptr);
  EXPECT_EQ(*knn.arguments->vector("v"), (std::vector<double>{0.5, 1}));
  EXPECT_EQ(resolve("{!hybrid w=1,0.5}(a)(b)").arguments->numbers("w"), (std::vector<double>{1, 0.5}));
}

TEST(OperatorTable, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(only_error("{!sesion ctx=$ctx}"),
            "{!sesion ctx=$ctx} | there is no operator {!sesion} | did you mean {!session}?");
  EXPECT_EQ(only_error("{!session ctx=$ctx topk=5}"),
            "topk=5 | {!session} has no key `topk` | did you mean `topK`?");
  EXPECT_EQ(only_error("{!session ctx=$ctx topK=0}"), "0 | `topK`: expected a number from 1 to 10000 | ");
  EXPECT_EQ(only_error("{!session ctx=$ctx topK=2.5}"), "2.5 | `topK`: expected a whole number | ");
  EXPECT_EQ(only_error("{!session ctx=$nobody}"),
            "$nobody | no parameter is named $nobody | send it with the request, or quote the text");
  EXPECT_EQ(only_error("{!session ctx=plain}"),
            "plain | `ctx`: expected a parameter that holds events, such as $ctx | ");
  EXPECT_EQ(only_error("{!session ctx=$v}"),
            "$v | `ctx`: expected a parameter that holds events, such as $ctx | ");
  for (const std::string value : {"last:0", "last:1001", "last:1e2", "last:2.0", "last:", "ever"}) {
    EXPECT_EQ(only_error("{!session ctx=$ctx seen=" + value + "}"),
              value + " | `seen`: expected auto, exclude, include, visit or last:N with N from 1 to 1000 | ");
  }
  EXPECT_EQ(only_error("{!hybrid fuse=sum}(a)"), "sum | `fuse`: expected rrf | ");
  EXPECT_EQ(only_error("{!hybrid}"),
            "{!hybrid} | {!hybrid} has 0 bodies, expected 1 to 16 | a body follows its operator without a "
            "blank: {!hybrid}(query)");
  EXPECT_EQ(only_error("{!knn}\"text\""), "\"text\" | {!knn} takes [number, ...] here | ");
}

TEST(OperatorTable, KeepsToTheLimitsOfTheRequest) {
  Limits limits;
  limits.top_k = 50;
  EXPECT_TRUE(resolve("{!session ctx=$ctx topK=50}", limits).arguments.has_value());
  EXPECT_FALSE(resolve("{!session ctx=$ctx topK=51}", limits).arguments.has_value());
}

TEST(OperatorTable, ReportsSeveralFaultsAtOnce) {
  EXPECT_EQ(resolve("{!session a=1 b=2 topK=x}").diagnostics.size(), 3u);
}

TEST(OperatorTable, IsWhatTheReferencePageShows) {
  std::ifstream file(std::string(SEGUE_SOURCE_DIR) + "/docs/query-language.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(operator_reference()), std::string::npos)
      << "docs/query-language.md has to hold this text:\n"
      << operator_reference();
}

}  // namespace
}  // namespace segue::query
