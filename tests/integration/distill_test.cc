// A reindex that publishes a narrow Transformer which learned from a wide one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/model/transformer_weights.h"
#include "index/reindex/reindexer.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Interrupts a phase at a step.
class Interrupting final : public index::Progress {
 public:
  Interrupting(std::string phase, int step) : phase_(std::move(phase)), step_(step) {}
  void phase(std::string_view name) override { inside_ = name == phase_; }
  void check() const override {
    if (inside_ && --step_ == 0) throw Error(ErrorKind::kInterrupted, "interrupted");
  }

 private:
  std::string phase_;
  mutable int step_;
  bool inside_ = false;
};

class Distill : public testing::Test {
 protected:
  index::ReindexRequest request(const std::string& name) const {
    index::ReindexRequest request = shop_.request();
    request.store = shop_.folder.path() / name;
    request.models = {"transformer"};
    request.force = true;
    request.config.transformer.width = 16;
    request.config.transformer.epochs = 3;
    request.config.transformer.batch_sequences = 16;
    request.config.distill = {.width = 8, .layers = 1, .heads = 1, .feed_forward = 12, .epochs = 2};
    return request;
  }
  static fs::path snapshot(const index::ReindexRequest& request, const std::string& id) {
    return request.store / "snapshots" / id;
  }
  static fs::path weights(const index::ReindexRequest& request, const std::string& id) {
    return snapshot(request, id) / "models/transformer.safetensors";
  }
  /// What the refusal says; the test fails where there is none.
  std::string refusal(const index::ReindexRequest& bad) {
    try {
      index::reindex(bad, quiet_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    ADD_FAILURE() << "it was not refused";
    return {};
  }

  tests::SmallShop shop_{4000};
  index::Progress quiet_;
};

TEST_F(Distill, PublishesTheNarrowModelAndSaysWhatItLearnedFrom) {
  const index::ReindexRequest asked = request("store");
  const index::ReindexReport report = index::reindex(asked, quiet_);
  const index::TransformerConfig served =
      index::TransformerWeights::open(weights(asked, report.snapshot)).config();
  EXPECT_EQ(served.width, 8u);
  EXPECT_EQ(served.layers, 1u);
  EXPECT_EQ(served.heads, 1u);
  EXPECT_EQ(served.feed_forward, 12u);
  std::vector<std::string> curves;
  for (const index::LearningCurve& curve : report.curves) curves.push_back(curve.model);
  EXPECT_THAT(curves,
              ElementsAre("teacher", "transformer", "teacher (all events)", "transformer (all events)"));
  const auto manifest = nlohmann::json::parse(content(snapshot(asked, report.snapshot) / "manifest.json"));
  const nlohmann::json& said = manifest["training"]["transformer"]["distilled"];
  EXPECT_EQ(said["width"], 8);
  EXPECT_EQ(said["epochs"], report.curves[3].points.size());
  EXPECT_EQ(said["teacher"]["width"], 16);
  EXPECT_EQ(said["teacher"]["epochs"], report.curves[2].points.size());
  EXPECT_EQ(said["temperature"], 1);
  EXPECT_EQ(said["share"], asked.config.distill.share);
}

TEST_F(Distill, TheTeacherOfTheValidationLearnsFromWhatIsNotHeldBack) {
  index::ReindexRequest counted = request("store");
  counted.config.transformer.batch_sequences = 100000;
  counted.config.transformer.batch_positions = 32;  // so steps count events, and not sequences
  const index::ReindexReport report = index::reindex(counted, quiet_);
  for (const std::size_t model : {0, 1}) {
    EXPECT_LT(report.curves[model].points.front().step, report.curves[model + 2].points.front().step)
        << report.curves[model].model << " has seen what is held back";
  }
  EXPECT_TRUE(report.curves[0].points.front().validation.has_value());
}

TEST_F(Distill, AnInterruptedOneGoesOnToTheSameModels) {
  const index::ReindexRequest whole = request("whole");
  const std::string expected = content(weights(whole, index::reindex(whole, quiet_).snapshot));
  index::ReindexRequest resumed = request("resumed");
  resumed.checkpoints = shop_.folder.path() / "checkpoints";
  for (const char* phase : {"teacher", "transformer", "teacher (all events)", "transformer (all events)"}) {
    Interrupting interrupting(phase, 30);
    EXPECT_THROW(index::reindex(resumed, interrupting), Error) << phase;
  }
  EXPECT_EQ(content(weights(resumed, index::reindex(resumed, quiet_).snapshot)), expected);
  EXPECT_TRUE(fs::is_empty(resumed.checkpoints));
}

TEST_F(Distill, WorksWithContextContentAndStoredIntegers) {
  const tests::SmallShop shop(4000, 1, true);
  index::ReindexRequest all = request("all");
  all.items = shop.items;
  all.events = shop.events;
  all.models = {"transformer", "content"};
  all.config.storage.weights = all.config.storage.vectors = "int8";
  const auto served = index::TransformerWeights::open(weights(all, index::reindex(all, quiet_).snapshot));
  EXPECT_EQ(served.config().width, 8u);
  EXPECT_GT(served.config().contexts, 0u);
}

TEST_F(Distill, ADryRunCountsTheMemoryOfBothModels) {
  index::ReindexRequest asked = request("dry");
  asked.dry_run = true;
  const double both = index::reindex(asked, quiet_).estimated_mib;
  asked.config.distill.width = 0;
  EXPECT_GT(both, index::reindex(asked, quiet_).estimated_mib);
}

TEST_F(Distill, OfAFileForAllReindexesMattersOnlyWhereThereIsATransformer) {
  index::ReindexRequest other = request("other");
  other.models = {"transitions"};
  const index::ReindexReport report = index::reindex(other, quiet_);
  EXPECT_TRUE(report.curves.empty());
  EXPECT_FALSE(fs::exists(weights(other, report.snapshot)));
}

TEST_F(Distill, RefusesWhatCannotBeDistilled) {
  index::ReindexRequest bad = request("bad");
  bad.config.distill.width = 16;
  EXPECT_THAT(refusal(bad),
              HasSubstr("distill.width: is 16, and the Transformer that is to be distilled has 16"));
  bad = request("bad");
  bad.config.distill.heads = 3;
  EXPECT_THAT(refusal(bad), HasSubstr("distill.heads: is 3, which does not divide the width 8"));
  bad = request("bad");
  bad.config.transformer.epochs = 0;
  EXPECT_THAT(refusal(bad), HasSubstr("transformer.epochs"));
  EXPECT_FALSE(fs::exists(bad.store)) << "found before anything is read or written";
}

}  // namespace
}  // namespace segue
