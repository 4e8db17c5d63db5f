// What the commands print for people, from reports made by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "index/model/blend_weights.h"
#include "integration/cli/explanation_view.h"
#include "integration/cli/reindex_view.h"
#include "integration/cli/snapshots_view.h"
#include "integration/cli/tune_view.h"

namespace segue::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

class Views : public testing::Test {
 protected:
  std::ostringstream out_, err_;
  Console console_{.out = out_, .err = err_, .out_style = {}, .err_style = {}};
};

TEST_F(Views, NameModelsThatWeighNewItemsAloneWithoutAWeight) {
  index::ReindexReport report;
  report.snapshot = "20260101T000000Z-00000000";
  report.gate = "passed";
  report.seen = "exclude";
  report.blend = {{"content", index::BlendWeights::kNewItemsOnly},
                  {"mf", 0.25},
                  {"popularity", index::BlendWeights::kNewItemsOnly},
                  {"transformer", 0.75}};
  print_reindex_report(console_, report);
  EXPECT_THAT(out_.str(),
              HasSubstr("  blend  0.25 mf + 0.75 transformer; new items only: content, popularity\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("e-06")));
}

TEST_F(Views, SayWhichWeightsBecameThoseOfNewItemsAlone) {
  index::SnapshotDiff difference;
  difference.blend = {{"content", 0.5, index::BlendWeights::kNewItemsOnly}};
  print_diff(console_, difference);
  EXPECT_THAT(out_.str(), HasSubstr("0.5  ->  new items only"));
}

/// The explanation of one hit by these models.
std::string explained(const std::vector<query::ModelShare>& models) {
  plugin::Answer answer;
  answer.names = {{1, {"A", "lamp"}}, {2, {"B", "chair"}}};
  plugin::AnswerHit hit;
  hit.hit.explanation.emplace().legs.emplace_back();
  hit.hit.explanation->legs[0].name = "session";
  hit.hit.explanation->legs[0].models = models;
  std::ostringstream out;
  print_explanation(out, {}, answer, hit);
  return out.str();
}

TEST(Explanation, LeavesOutModelsThatAddedNothingWithTheirReasons) {
  const std::string text = explained({{"content", 0, 2.5, 1, {{1, 1.0}}},
                                      {"mf", 0.0001, -4, 1, {}},
                                      {"transitions", 0.5, 2, 1, {{2, 1.0}}}});
  EXPECT_THAT(text, HasSubstr("+1.000  transitions"));
  EXPECT_THAT(text, HasSubstr("B  chair"));
  EXPECT_THAT(text, Not(HasSubstr("content")));
  EXPECT_THAT(text, Not(HasSubstr("A  lamp")));
  EXPECT_THAT(text, Not(HasSubstr("mf")));
}

TEST(Explanation, KeepsAModelThatTookSomethingAway) {
  EXPECT_THAT(explained({{"content", 0.1, -0.005, 1, {}}, {"mf", 1, 2, 1, {}}}),
              HasSubstr("-0.001  content"));
}

TEST(Explanation, NamesTheOnlyModelWhateverItAdded) {
  EXPECT_THAT(explained({{"mf", 1, 0, 0, {}}}), HasSubstr("mf"));
}

index::TuneReport search_of(std::size_t trials) {
  index::TuneReport report;
  for (std::size_t t = 0; t < trials; ++t) {
    index::Trial trial;
    trial.number = t;
    trial.ndcg = 0.001 * static_cast<double>(t);
    if (t > 0) trial.values = {{"mf.factors", std::to_string(100 + t)}};
    report.trials.push_back(trial);
  }
  report.best = report.trials.back();
  report.base = report.trials.front();
  return report;
}

TEST_F(Views, ShowTheBestTenTrialsOfASearch) {
  print_tune_report(console_, search_of(12), {"best.toml", "best.trials"});
  const std::string text = out_.str();
  for (std::size_t t = 2; t < 12; ++t) EXPECT_THAT(text, HasSubstr(' ' + std::to_string(100 + t) + '\n'));
  EXPECT_THAT(text, Not(HasSubstr("as configured  ")));
  EXPECT_THAT(text, Not(HasSubstr(" 101\n")));
  EXPECT_LT(text.find(" 111\n"), text.find(" 110\n"));
  EXPECT_THAT(text, HasSubstr("the best 10 of 12 trials; all are in best.trials\n"));
  EXPECT_THAT(text, HasSubstr("Best: trial 11, NDCG@10 0.0110 against 0.0000 as configured"));
}

TEST_F(Views, ShowAllTrialsOfASmallSearchAndForPrograms) {
  print_tune_report(console_, search_of(3), {"best.toml", "best.trials"});
  EXPECT_THAT(out_.str(), HasSubstr("as configured"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("all are in")));
  EXPECT_EQ(to_json(search_of(12), {"best.toml", "best.trials"})["trials"].size(), 12u);
}

}  // namespace
}  // namespace segue::integration
