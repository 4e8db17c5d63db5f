// The search for better constants, on the generated shop.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "index/reindex/tuner.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

class Tune : public ::testing::Test {
 protected:
  Tune() {
    request.data = shop.request();
    request.data.models = {"mf"};
    request.model = "mf";
    request.trials = shop.folder.path() / "trials.jsonl";
    // Factors that cannot tell two shelves apart, and values among which the search should find better ones.
    request.data.config.mf.factors = 1;
    request.data.config.mf.iterations = 1;
    request.ranges = {index::parse_search_range("mf.factors=1,8,32"),
                      index::parse_search_range("mf.iterations=1..8")};
    request.halving.budget_seconds = 1000;
    request.halving.max_points = 8;
  }

  tests::SmallShop shop;
  index::TuneRequest request;
  index::Progress quiet;
};

TEST_F(Tune, FindsConstantsThatPredictBetterThanThoseItBeganWith) {
  const index::TuneReport report = index::tune(request, quiet);
  EXPECT_NE(report.best.number, 0u);
  EXPECT_GT(report.best.ndcg, 1.2 * report.base.ndcg);
  EXPECT_EQ(report.best.share, 1);
  EXPECT_GT(report.config.mf.factors, 1u);
  EXPECT_EQ(report.config, index::at_point(request.data.config, report.best.values));
}

TEST_F(Tune, ReadsItemsAsAReindexDoes) {
  {
    std::ifstream in(shop.items);
    std::string first;
    std::getline(in, first);
    std::ofstream(shop.items, std::ios::app) << first << '\n';
  }
  request.halving.max_points = 1;
  EXPECT_THROW(index::tune(request, quiet), Error) << "an id twice";
  request.data.last_wins = true;
  EXPECT_GT(index::tune(request, quiet).best.ndcg, 0);
}

/// Stops a search when it has been asked often enough whether to go on.
class StopsAt final : public index::Progress {
 public:
  explicit StopsAt(int message) : left_(message) {}
  void message(std::string_view) override { --left_; }
  void check() const override {
    if (left_ <= 0) throw Error(ErrorKind::kInterrupted, "interrupted");
  }

 private:
  int left_;
};

TEST_F(Tune, GoesOnWhereItWasInterruptedAndEndsWithTheSameResult) {
  const index::TuneReport whole = index::tune(request, quiet);
  request.trials = shop.folder.path() / "interrupted.jsonl";
  for (const int trials : {1, 4}) {
    StopsAt progress(trials);
    EXPECT_THROW(index::tune(request, progress), Error);
  }
  const index::TuneReport resumed = index::tune(request, quiet);
  ASSERT_EQ(resumed.trials.size(), whole.trials.size());
  for (std::size_t t = 0; t < whole.trials.size(); ++t) {
    EXPECT_EQ(resumed.trials[t].values, whole.trials[t].values);
    EXPECT_EQ(resumed.trials[t].ndcg, whole.trials[t].ndcg);
  }
  EXPECT_EQ(resumed.config, whole.config);
}

TEST_F(Tune, TrainsContentAndRatingsAsAReindexDoes) {
  // Every event on a product says how it was liked.
  const std::filesystem::path rated = shop.folder.path() / "rated.jsonl";
  {
    std::ifstream in(request.data.events);
    std::ofstream out(rated);
    for (std::string line; std::getline(in, line);) {
      const bool on_item = line.find("\"item\"") != std::string::npos;
      out << line.substr(0, line.rfind('}')) << (on_item ? ", \"rating\": 4}" : "}") << '\n';
    }
  }
  request.data.events = rated;
  request.data.models = {"mf", "rating", "content"};
  request.data.config.rating.epochs = 2;
  request.data.config.content.width = 1;
  request.halving.max_points = 3;
  for (const char* model : {"blend", "content"}) {
    request.model = model;
    request.trials = shop.folder.path() / (std::string(model) + ".jsonl");
    request.ranges = {index::parse_search_range("content.width=2,32")};
    const index::TuneReport report = index::tune(request, quiet);
    EXPECT_GT(report.best.ndcg, 0) << model;
    EXPECT_EQ(report.best.share, 1);
  }
  EXPECT_EQ(index::tune(request, quiet).config.content.width, 32u);
  request.model = "rating";
  try {
    index::tune(request, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("rankings"), std::string::npos);
  }
}

TEST_F(Tune, RefusesTheTrialsOfAnotherSearch) {
  request.halving.max_points = 1;
  index::tune(request, quiet);
  request.data.seed = 2;
  EXPECT_THROW(index::tune(request, quiet), Error);
}

TEST_F(Tune, RefusesAModelThatIsNotTrained) {
  request.model = "transformer";
  try {
    index::tune(request, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
  EXPECT_FALSE(std::filesystem::exists(request.trials));
}

TEST_F(Tune, LeavesNoTrialsOfAModelThatTheDataDoNotAllow) {
  request.data.models = {"mf", "rating"};  // without a rating in the log
  request.model = "rating";
  EXPECT_THROW(index::tune(request, quiet), Error);
  request.data.models = {"mf"};
  request.model = "mf";
  request.halving.max_points = 1;
  EXPECT_NO_THROW(index::tune(request, quiet));
}

TEST_F(Tune, RefusesALogThatHasTooLittleToPredict) {
  std::ofstream(shop.events) << R"({"user": "u", "item": "p1"})" << '\n';
  request.data.items.clear();
  try {
    index::tune(request, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  }
}

}  // namespace
}  // namespace segue
