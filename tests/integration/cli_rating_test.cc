// Ratings through the program: split, reindex, evaluate, and a session ranked by predicted ratings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "index/model/random_stream.h"
#include "tests/support/program.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using tests::ProgramResult;
using tests::run_segue;

/// Users of two kinds, items of two kinds: 5 stars where the kinds agree, 2 where not, and one star more or
/// less.
void write_log(const fs::path& file) {
  index::RandomStream random(3);
  std::ofstream out(file);
  for (std::size_t u = 0; u < 200; ++u) {
    for (std::size_t n = 0; n < 20; ++n) {
      const std::size_t i = random.below(40);
      const double stars = (u % 2 == i % 2 ? 4.5 : 2.0) + (random.uniform() < 0.5 ? 0.5 : -0.5);
      out << json{{"user", "u" + std::to_string(u)}, {"item", "i" + std::to_string(i)}, {"rating", stars}}
          << '\n';
    }
  }
}

std::vector<json> lines_of(const fs::path& file) {
  std::vector<json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

class Ratings : public testing::Test {
 protected:
  struct Files {
    tests::TemporaryFolder folder;
    fs::path log = folder.path() / "log.jsonl";
    fs::path train = folder.path() / "train.jsonl";
    fs::path test = folder.path() / "test.jsonl";
    fs::path store = folder.path() / "store";
    ProgramResult split;
    ProgramResult reindex;
  };
  static void SetUpTestSuite() {
    files_ = std::make_unique<Files>();
    write_log(files_->log);
    files_->split = run_segue({"split", "--events", files_->log, "--protocol", "rating", "--share", ".1",
                               "--seed", "7", "--train", files_->train, "--test", files_->test, "--json"});
    files_->reindex = run_segue(
        {"reindex", "--events", files_->train, "--store", files_->store, "--models", "rating", "--json"});
  }
  static void TearDownTestSuite() { files_.reset(); }
  static fs::path write(const std::string& name, const std::string& text) {
    const fs::path file = files_->folder.path() / name;
    std::ofstream(file) << text;
    return file;
  }
  static ProgramResult evaluate(const fs::path& events, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"evaluate", "--store",    files_->store, "--events",
                                          events,     "--protocol", "rating"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_segue(arguments);
  }

  static std::unique_ptr<Files> files_;
};

std::unique_ptr<Ratings::Files> Ratings::files_;

TEST_F(Ratings, SplitHidesAShareOfTheRatedPairsWhole) {
  ASSERT_EQ(files_->split.status, 0) << files_->split.err;
  std::map<std::pair<std::string, std::string>, std::set<bool>> sides;
  const std::vector<json> test = lines_of(files_->test);
  const std::vector<json> train = lines_of(files_->train);
  EXPECT_EQ(train.size() + test.size(), 4000u);
  for (const json& event : train) sides[{event["user"], event["item"]}].insert(false);
  for (const json& event : test) {
    sides[{event["user"], event["item"]}].insert(true);
    EXPECT_TRUE(event.at("target").get<bool>());
  }
  std::size_t hidden = 0;
  for (const auto& [pair, of] : sides) {
    EXPECT_EQ(of.size(), 1u) << "a pair in both files";
    hidden += *of.begin() ? 1 : 0;
  }
  EXPECT_EQ(hidden, static_cast<std::size_t>(std::lround(0.1 * static_cast<double>(sides.size()))));
  EXPECT_EQ(json::parse(files_->split.out)["targets"], test.size());
}

TEST_F(Ratings, EvaluatePredictsTheHiddenRatings) {
  ASSERT_EQ(files_->reindex.status, 0) << files_->reindex.err;
  const ProgramResult result = evaluate(files_->test, {"--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err.find("trained on"), std::string::npos) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["protocol"], "rating");
  EXPECT_EQ(report["model"], "rating");
  EXPECT_EQ(report["events"], lines_of(files_->test).size());
  // The noise has deviation .5; the mean alone would be off by 1.3.
  EXPECT_LT(report["rmse"].get<double>(), 0.6);
  EXPECT_LT(report["mae"].get<double>(), report["rmse"].get<double>());
  EXPECT_EQ(report.size(), 5u);
}

TEST_F(Ratings, EvaluateWarnsOfRatingsThatWereLearnt) {
  const ProgramResult result = evaluate(files_->train);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("was trained on"));
  EXPECT_THAT(result.out, HasSubstr("rmse"));
}

TEST_F(Ratings, UnknownUsersAndItemsFallBack) {
  const fs::path file = write("new.jsonl",
                              "{\"user\": \"new\", \"item\": \"i3\", \"rating\": 3}\n"
                              "{\"session\": \"s\", \"item\": \"new\", \"rating\": 3}\n"
                              "{\"user\": \"u1\", \"item\": \"i3\"}\n");
  const ProgramResult result = evaluate(file, {"--json", "--metrics", "mae"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["events"], 2);
  EXPECT_LT(report["mae"].get<double>(), 0.6) << "the mean is 3.25";
  EXPECT_FALSE(report.contains("rmse"));
}

TEST_F(Ratings, ASessionLeadsToWhatItsUserWouldRateHighly) {
  const ProgramResult result = run_segue({"search", "--store", files_->store, "--ctx",
                                          R"([{"item": "i1"}, {"item": "i3"}, {"item": "i5"}])", "--json",
                                          "{!session ctx=$ctx model=rating}"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["hits"].size(), 10u);
}

TEST_F(Ratings, ErrorsSayWhatToDo) {
  const fs::path views =
      write("views.jsonl", "{\"user\": \"a\", \"item\": \"i1\"}\n{\"user\": \"a\", \"item\": \"i2\"}\n");
  const ProgramResult no_rating = evaluate(views);
  EXPECT_EQ(no_rating.status, 2);
  EXPECT_THAT(no_rating.err, HasSubstr("no event has a rating"));
  const std::string other = (files_->folder.path() / "other").string();
  const ProgramResult asked =
      run_segue({"reindex", "--events", views, "--store", other, "--models", "rating"});
  EXPECT_EQ(asked.status, 2);
  EXPECT_THAT(asked.err, HasSubstr("views.jsonl: no event on an item has a rating"));
  EXPECT_EQ(run_segue({"reindex", "--events", views, "--store", other, "--models", "transitions"}).status, 0);
  const ProgramResult without =
      run_segue({"evaluate", "--store", other, "--events", files_->test, "--protocol", "rating"});
  EXPECT_EQ(without.status, 2);
  EXPECT_THAT(without.err, HasSubstr("no model of ratings"));
  EXPECT_EQ(evaluate(files_->test, {"--metrics", "hr@10"}).status, 1);
  EXPECT_EQ(evaluate(files_->test, {"--model", "mf"}).status, 1);
  const fs::path huge = write("huge.jsonl", "{\"user\": \"a\", \"item\": \"i1\", \"rating\": 1e300}\n");
  EXPECT_THAT(evaluate(huge).err, HasSubstr("huge.jsonl:1: \"rating\""));
}

}  // namespace
}  // namespace segue
