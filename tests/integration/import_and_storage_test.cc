#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/reindex/reindexer.h"
#include "index/safetensors.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/backend.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;

/// A shop whose Transformer has been trained once; every test imports that.
class ImportAndStorage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = new tests::SmallShop(4000);
    index::ReindexRequest request = shop_->request();
    request.models = {"transformer", "mf"};
    request.force = true;  // so short a training does not reach the transitions
    first_ = folder_of(request);
  }
  static void TearDownTestSuite() { delete shop_; }

  /// The folder of the snapshot that a reindex publishes.
  static fs::path folder_of(const index::ReindexRequest& request, index::ReindexReport* report = nullptr) {
    index::Progress quiet;
    const index::ReindexReport done = index::reindex(request, quiet);
    if (report != nullptr) *report = done;
    return request.store / "snapshots" / done.snapshot;
  }
  static index::ReindexRequest importing(const std::string& store) {
    index::ReindexRequest request = shop_->request();
    request.store = shop_->folder.path() / store;
    request.models = {"transformer", "mf"};
    request.force = true;
    request.import_weights = first_ / "models/transformer.safetensors";
    request.config.transformer.epochs = 0;
    return request;
  }
  static double ndcg(const index::ReindexReport& report, const std::string& model) {
    for (const index::EvaluationRow& row : report.evaluation) {
      if (row.model == model) return row.metrics.at("ndcg@10");
    }
    return -1;
  }
  static double bytes(const fs::path& folder) {
    std::uintmax_t sum = 0;
    for (const char* file : {"models/transformer.safetensors", "models/mf.safetensors",
                             "vectors/transformer.safetensors", "vectors/mf.safetensors"}) {
      sum += fs::file_size(folder / file);
    }
    return static_cast<double>(sum);
  }

  static inline tests::SmallShop* shop_ = nullptr;
  static inline fs::path first_;
};

TEST_F(ImportAndStorage, WeightsOfASnapshotServeAsTheyAre) {
  const fs::path folder = folder_of(importing("as-it-is"));
  const auto before = index::Safetensors::open(first_ / "models/transformer.safetensors");
  const auto after = index::Safetensors::open(folder / "models/transformer.safetensors");
  ASSERT_EQ(after->names(), before->names());
  for (const std::string& name : before->names()) {
    if (name == "vocabulary") continue;
    EXPECT_TRUE(std::ranges::equal(after->f32(name), before->f32(name))) << name;
  }
  EXPECT_TRUE(std::ranges::equal(after->i32("vocabulary"), before->i32("vocabulary")));
}

TEST_F(ImportAndStorage, SmallerNumbersRankAlmostAsWellAndAreWhatIsEvaluated) {
  index::ReindexReport wide;
  const double wide_bytes = bytes(folder_of(importing("fp32"), &wide));
  for (const auto& [name, share] : {std::pair("fp16", 0.53), std::pair("int8", 0.33)}) {
    index::ReindexRequest request = importing(name);
    request.config.storage = {name, name};
    index::ReindexReport report;
    const fs::path folder = folder_of(request, &report);
    // Widths of 32 and 64, and headers of a kilobyte: larger shares than those of docs/accuracy.md.
    EXPECT_LT(bytes(folder), share * wide_bytes) << name;
    EXPECT_NEAR(ndcg(report, "transformer"), ndcg(wide, "transformer"), 0.05 * ndcg(wide, "transformer"))
        << name;

    const auto backend = kernels::make_backend(kernels::Device::kCpu);
    const index::SnapshotStore store(request.store);
    const auto snapshot = index::Snapshot::open(store, folder.filename().string(), *backend);
    EXPECT_EQ(to_string(snapshot->vectors("transformer")->storage()), name);
    const std::vector<index::ItemId> session{1, 5, 9};
    const auto encoded = snapshot->model("transformer")->encode(session);
    ASSERT_NE(encoded, nullptr);
    EXPECT_EQ(encoded->top(10, nullptr).size(), 10u);
  }
}

TEST_F(ImportAndStorage, TrainingGoesOnFromImportedWeights) {
  index::ReindexRequest request = importing("tuned");
  request.config.transformer.epochs = 1;
  request.config.transformer.rate = 1e-4;
  request.config.transformer.width = 64;  // the file's 32 stands
  index::ReindexReport report;
  const fs::path folder = folder_of(request, &report);
  const auto before = index::Safetensors::open(first_ / "models/transformer.safetensors");
  const auto after = index::Safetensors::open(folder / "models/transformer.safetensors");
  const auto old_body = before->f32("blocks.0.attention.qkv.weight");
  const auto new_body = after->f32("blocks.0.attention.qkv.weight");
  ASSERT_EQ(new_body.size(), old_body.size());
  double moved = 0;
  for (std::size_t i = 0; i < old_body.size(); ++i)
    moved = std::max(moved, std::abs(static_cast<double>(new_body[i]) - static_cast<double>(old_body[i])));
  EXPECT_GT(moved, 0);
  EXPECT_LT(moved, 0.05);  // a few dozen steps of at most 1e-4
}

void expect_usage_error(const index::ReindexRequest& request, const std::string& word) {
  index::Progress quiet;
  try {
    index::reindex(request, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
  }
}

TEST_F(ImportAndStorage, WeightsNeedATransformerAmongTheModels) {
  index::ReindexRequest request = importing("other");
  request.models = {"transitions"};
  expect_usage_error(request, "--import");
}

TEST_F(ImportAndStorage, WithoutEpochsThereMustBeWeights) {
  index::ReindexRequest request = importing("nothing");
  request.import_weights.clear();
  expect_usage_error(request, "epochs");
}

/// Weights of SASRec.pytorch for 7 items, and a log that goes round them and knows one more.
class ImportedSasrec : public ImportAndStorage {
 protected:
  static index::ReindexRequest request_for(const std::string& store) {
    index::ReindexRequest request = importing(store);
    request.items.clear();
    request.events = shop_->folder.path() / (store + ".jsonl");
    std::ofstream events(request.events);
    for (int user = 0; user < 120; ++user) {
      for (int e = 0; e < 6; ++e)
        events << R"({"user": "u)" << user << R"(", "item": "item-)" << 1 + (user + e) % 8 << "\"}\n";
    }
    request.import_weights = fs::path(SEGUE_SOURCE_DIR) / "tests/index/fixtures/sasrec.safetensors";
    return request;
  }
};

TEST_F(ImportedSasrec, IsServedAsItIs) {
  const fs::path folder = folder_of(request_for("sasrec"));
  const auto weights = index::Safetensors::open(folder / "models/transformer.safetensors");
  EXPECT_EQ(weights->metadata("form"), "sasrec");
  EXPECT_EQ(weights->shape("item_embedding.weight"), (std::vector<std::size_t>{7, 8}));
  EXPECT_EQ(index::Safetensors::open(folder / "vectors/transformer.safetensors")->metadata("metric"), "ip");
}

TEST_F(ImportedSasrec, IsTrainedFurtherInItsOwnForm) {
  index::ReindexReport before, after;
  folder_of(request_for("sasrec-before"), &before);
  index::ReindexRequest request = request_for("sasrec-tuned");
  request.config.transformer.epochs = 2;
  request.config.transformer.rate = 2e-2;
  request.config.transformer.dropout = 0;
  request.config.transformer.batch_sequences = 4;
  request.config.transformer.width = 64;  // the file's 8 stands
  const fs::path folder = folder_of(request, &after);
  EXPECT_GT(ndcg(after, "transformer"), ndcg(before, "transformer") + 0.1);

  const auto weights = index::Safetensors::open(folder / "models/transformer.safetensors");
  EXPECT_EQ(weights->metadata("form"), "sasrec");
  EXPECT_EQ(weights->metadata("width"), "8");
  EXPECT_EQ(weights->metadata("temperature"), "1");
  EXPECT_EQ(weights->shape("item_embedding.weight"), (std::vector<std::size_t>{8, 8}));  // the new item too
  EXPECT_EQ(index::Safetensors::open(folder / "vectors/transformer.safetensors")->metadata("metric"), "ip");

  // And what was published is where the next training can begin.
  index::ReindexRequest again = request_for("sasrec-again");
  again.import_weights = folder / "models/transformer.safetensors";
  again.config.transformer.epochs = 1;
  const auto third = index::Safetensors::open(folder_of(again) / "models/transformer.safetensors");
  EXPECT_EQ(third->metadata("form"), "sasrec");
}

TEST_F(ImportedSasrec, IsDistilledIntoOurForm) {
  index::ReindexRequest request = request_for("sasrec-distilled");
  request.config.transformer.epochs = 2;
  request.config.distill.width = 4;
  request.config.distill.heads = 1;
  const fs::path folder = folder_of(request);
  const auto weights = index::Safetensors::open(folder / "models/transformer.safetensors");
  EXPECT_EQ(weights->metadata("form"), "segue");
  EXPECT_EQ(weights->metadata("width"), "4");
}

TEST_F(ImportedSasrec, IsNotPruned) {
  index::ReindexRequest request = request_for("sasrec-pruned");
  request.config.transformer.prune = 0.01;
  index::Progress quiet;
  try {
    index::reindex(request, quiet);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(error.mend().find("prune = 0"), std::string::npos);
  }
}

TEST_F(ImportAndStorage, ImportedVectorsAreSearchedAsContent) {
  const fs::path file = shop_->folder.path() / "vectors.safetensors";
  index::SafetensorsWriter writer;
  writer.add("vectors", {2, 3}, std::span<const float>(std::vector<float>{1, 0, 0, 0, 2, 0}));
  writer.metadata("ids", R"(["P00002","P00001"])");
  writer.write(file);
  index::ReindexRequest request = importing("vectors");
  request.import_weights.clear();
  request.import_vectors = file;
  request.models = {"content"};
  const fs::path folder = folder_of(request);
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const index::SnapshotStore store(request.store);
  const auto snapshot = index::Snapshot::open(store, folder.filename().string(), *backend);
  const index::VectorIndex* content = snapshot->vectors("content");
  ASSERT_NE(content, nullptr);
  EXPECT_EQ(content->size(), 2u);
  const auto best = content->search(std::vector<float>{0, 1, 0}, 1);
  EXPECT_EQ(snapshot->catalogue().id(best[0].item), "P00001");
}

}  // namespace
}  // namespace segue
