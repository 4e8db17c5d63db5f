// What a reindex does beside the training itself: checkpoints, the number of epochs, learning curves.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "index/model/transformer_weights.h"
#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/backend.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;

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

class Training : public testing::Test {
 protected:
  index::ReindexRequest request(const std::string& name) const {
    index::ReindexRequest request = shop_.request();
    request.store = shop_.folder.path() / name;
    request.models = {"transformer"};
    request.force = true;
    request.config.transformer.epochs = 3;
    request.config.transformer.batch_sequences = 16;
    return request;
  }
  static fs::path snapshot(const index::ReindexRequest& request, const std::string& id) {
    return request.store / "snapshots" / id;
  }
  static nlohmann::json manifest(const index::ReindexRequest& request, const std::string& id) {
    return nlohmann::json::parse(content(snapshot(request, id) / "manifest.json"));
  }

  tests::SmallShop shop_{4000};
  index::Progress quiet_;
};

TEST_F(Training, AnInterruptedReindexGoesOnToTheSameModels) {
  const index::ReindexRequest whole = request("whole");
  const std::string expected =
      content(snapshot(whole, index::reindex(whole, quiet_).snapshot) / "models/transformer.safetensors");
  index::ReindexRequest resumed = request("resumed");
  resumed.checkpoints = shop_.folder.path() / "checkpoints";
  for (const char* phase : {"transformer", "transformer (all events)"}) {
    Interrupting interrupting(phase, 40);
    EXPECT_THROW(index::reindex(resumed, interrupting), Error);
    EXPECT_FALSE(fs::is_empty(resumed.checkpoints)) << phase;
  }
  std::ofstream(resumed.checkpoints / "mine.txt") << "a file of somebody else";
  const std::string id = index::reindex(resumed, quiet_).snapshot;
  EXPECT_EQ(content(snapshot(resumed, id) / "models/transformer.safetensors"), expected);
  EXPECT_EQ(std::distance(fs::directory_iterator(resumed.checkpoints), fs::directory_iterator()), 1)
      << "a published snapshot needs no checkpoint, and mine.txt is not one";
}

TEST_F(Training, TheRefitRunsAsManyEpochsAsValidationChose) {
  index::ReindexRequest one = request("one");
  one.config.transformer.epochs = 30;
  one.config.transformer.patience = 1;
  one.config.transformer.rate = 0.05;
  one.config.transformer.dropout = 0;
  const index::ReindexReport report = index::reindex(one, quiet_);
  ASSERT_EQ(report.curves.size(), 2u);
  EXPECT_LT(report.curves[0].points.size(), 30u) << "it never ended early";
  const std::size_t chosen = report.curves[1].points.size();
  EXPECT_LE(chosen, report.curves[0].points.size());
  EXPECT_FALSE(report.curves[1].points.back().validation.has_value());
  // The refit's rates are those of the schedule of 30 epochs: what is left after `chosen` of them.
  EXPECT_NEAR(report.curves[1].points.back().rate, report.curves[0].points[chosen - 1].rate, 1e-3);
  EXPECT_EQ(manifest(one, report.snapshot)["training"]["transformer"]["epochs"], chosen);
}

TEST_F(Training, WhatValidationPrunesIsGoneFromTheRefitAndServesSmaller) {
  index::ReindexRequest whole = request("whole");
  index::ReindexRequest pruned = request("pruned");
  pruned.config.transformer.prune = 0.99;  // whatever it costs: all but a block goes
  const std::string whole_id = index::reindex(whole, quiet_).snapshot;
  const std::string id = index::reindex(pruned, quiet_).snapshot;
  const nlohmann::json pruning = manifest(pruned, id)["training"]["pruning"];
  ASSERT_FALSE(pruning["removed"].empty());
  EXPECT_FALSE(manifest(whole, whole_id)["training"].contains("pruning"));
  EXPECT_GT(pruning["ndcg@10 before"], 0);
  EXPECT_GE(pruning["ndcg@10 after"], 0.01 * pruning["ndcg@10 before"].get<double>());

  const auto weights = [&](const index::ReindexRequest& of, const std::string& snapshot_id) {
    return index::TransformerWeights::open(snapshot(of, snapshot_id) / "models/transformer.safetensors");
  };
  const index::TransformerConfig before = weights(whole, whole_id).config(),
                                 after = weights(pruned, id).config();
  EXPECT_EQ(after.layers, 1u);
  EXPECT_LT(after.layers, before.layers);
  ASSERT_EQ(pruning["heads"].size(), after.layers);
  for (std::size_t block = 0; block < after.layers; ++block)
    EXPECT_EQ(pruning["heads"][block], after.heads_of(block));
  EXPECT_LT(fs::file_size(snapshot(pruned, id) / "models/transformer.safetensors"),
            fs::file_size(snapshot(whole, whole_id) / "models/transformer.safetensors"));

  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const auto served = index::Snapshot::open(index::SnapshotStore(pruned.store), id, *backend);
  const auto encoded = served->model("transformer")->encode(std::vector<index::ItemId>{1, 5, 9});
  ASSERT_NE(encoded, nullptr);
  EXPECT_EQ(encoded->top(10, nullptr).size(), 10u);
}

TEST_F(Training, CurvesAreInTheManifestAndInThePicture) {
  index::ReindexRequest drawn = request("drawn");
  drawn.plot = shop_.folder.path() / "curves.svg";
  const index::ReindexReport report = index::reindex(drawn, quiet_);
  const nlohmann::json curves = manifest(drawn, report.snapshot)["training"]["curves"];
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0]["model"], "transformer");
  EXPECT_EQ(curves[1]["model"], "transformer (all events)");
  for (const auto& point : curves[0]["points"]) EXPECT_GT(point["validation"], 0);
  for (std::size_t i = 0; i < curves.size(); ++i)
    EXPECT_EQ(index::learning_curve_from_json(curves[i]), report.curves[i]);
  const std::string svg = content(drawn.plot);
  EXPECT_NE(svg.find("<path"), std::string::npos);
  EXPECT_NE(svg.find("all events"), std::string::npos);
}

TEST_F(Training, WhatCannotBeWrittenIsFoundBeforeTheTraining) {
  const auto refused = [&](auto change) {
    index::ReindexRequest bad = request("bad");
    change(bad);
    Interrupting never("transformer", 1);  // would be kInterrupted
    try {
      index::reindex(bad, never);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kResource;
    }
    return false;
  };
  EXPECT_TRUE(refused([&](auto& r) { r.plot = shop_.folder.path() / "no" / "such" / "folder.svg"; }));
  EXPECT_TRUE(refused([&](auto& r) { r.checkpoints = shop_.events / "below-a-file"; }));
}

}  // namespace
}  // namespace segue
