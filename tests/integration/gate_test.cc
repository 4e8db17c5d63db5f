// The gate: models that are worse than what is simple are not published.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

/// A log in which nothing depends on the session: each event is a draw by popularity alone.
index::ReindexRequest shop_without_memory(const tests::TemporaryFolder& folder) {
  const auto events = folder.path() / "events.jsonl";
  std::ofstream out(events);
  std::mt19937_64 random(5);
  for (int session = 0; session < 1200; ++session) {
    for (int event = 0; event < 4; ++event) {
      const double u = static_cast<double>(random() >> 11) * 0x1p-53;
      out << R"({"session": "s)" << session << R"(", "time": )" << session * 1000 + event << R"(, "item": "i)"
          << static_cast<int>(std::floor(200 * u * u * u)) << "\"}\n";
    }
  }
  index::ReindexRequest request;
  request.events = events;
  request.store = folder.path() / "store";
  request.models = {"mf"};
  request.config.mf.factors = 2;
  request.config.mf.iterations = 1;
  request.config.blend.seen = "include";
  return request;
}

TEST(Gate, RefusesModelsThatPopularityBeatsAndLeavesTheStoreAlone) {
  const tests::TemporaryFolder folder;
  index::ReindexRequest request = shop_without_memory(folder);
  index::Progress quiet;
  try {
    index::reindex(request, quiet);
    FAIL() << "published";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kGateRefused);
    EXPECT_NE(std::string(error.what()).find("popularity has NDCG@10"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(index::SnapshotStore(request.store).current().has_value());
}

TEST(Gate, PublishesByForceAndTheManifestSaysSo) {
  const tests::TemporaryFolder folder;
  index::ReindexRequest request = shop_without_memory(folder);
  request.force = true;
  index::Progress quiet;
  const index::ReindexReport report = index::reindex(request, quiet);
  EXPECT_EQ(report.gate.substr(0, 7), "forced:");
  const index::Manifest manifest = index::SnapshotStore(request.store).open_manifest(report.snapshot);
  EXPECT_EQ(manifest.gate.at("result"), "forced");
  EXPECT_TRUE(manifest.evaluation.at("models").contains("transitions"))
      << "compared, though no part of the blend";
}

TEST(Gate, DoesNotLetModelsThatWereNotMeasuredReplaceThoseThatWere) {
  const tests::SmallShop shop;
  index::ReindexRequest request = shop.request();
  request.models = {"transitions"};
  index::Progress quiet;
  const std::string good = index::reindex(request, quiet).snapshot;
  const index::SnapshotStore store(request.store);
  request.events = shop.oldest(0.01);
  try {
    index::reindex(request, quiet);
    FAIL() << "published";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kGateRefused);
    EXPECT_NE(std::string(error.what()).find(good), std::string::npos) << error.what();
  }
  EXPECT_EQ(store.current(), good);
  request.force = true;
  const index::Manifest forced = store.open_manifest(index::reindex(request, quiet).snapshot);
  EXPECT_EQ(forced.gate.at("result"), "forced");
  // Nothing is measured any more, so there is nothing to lose.
  request.force = false;
  request.config.blend.seen = "last:2";
  const index::Manifest skipped = store.open_manifest(index::reindex(request, quiet).snapshot);
  EXPECT_EQ(skipped.gate.at("result"), "skipped");
  EXPECT_EQ(skipped.seen, "last:2") << "what is configured needs no validation";
  EXPECT_EQ(forced.seen, "exclude");
}

TEST(Gate, IsNeverBelowAPartOfTheBlendWhereItPassed) {
  const tests::SmallShop shop;
  index::Progress quiet;
  const index::ReindexReport report = index::reindex(shop.request(), quiet);
  EXPECT_EQ(report.gate, "passed");
  const double blend = report.evaluation.back().metrics.at("ndcg@10");
  EXPECT_EQ(report.evaluation.back().model, "blend");
  for (const index::EvaluationRow& row : report.evaluation)
    EXPECT_LE(row.metrics.at("ndcg@10"), blend) << row.model;
}

TEST(Gate, LeavesOnePartAloneWhereItWasAheadOfTheFittedWeights) {
  const tests::TemporaryFolder folder;
  index::ReindexRequest request = shop_without_memory(folder);
  request.models = {"mf", "transitions"};
  request.force = true;
  index::Progress quiet;
  std::size_t alone = 0;
  // Where all is chance, a part is ahead sooner or later.
  for (request.seed = 1; request.seed <= 10 && alone == 0; ++request.seed) {
    const index::ReindexReport report = index::reindex(request, quiet);
    const index::Manifest manifest = index::SnapshotStore(request.store).open_manifest(report.snapshot);
    const bool warned = std::any_of(
        report.warnings.begin(), report.warnings.end(),
        [](const std::string& warning) { return warning.find("the blend is ") != std::string::npos; });
    if (warned || manifest.gate.at("result") != "passed") {
      EXPECT_FALSE(manifest.evaluation.contains("blend_refit"));
    }
    if (!warned) continue;
    ++alone;
    EXPECT_EQ(manifest.evaluation.at("blend_method"), "one model alone");
    EXPECT_EQ(manifest.blend.size(), 1u);
  }
  EXPECT_EQ(alone, 1u);
}

TEST(Reindex, SaysWhichModelsCouldNotBeMade) {
  const tests::SmallShop shop(2000);
  index::ReindexRequest request = shop.request();
  request.events.clear();
  request.models = {"mf", "content"};
  index::Progress quiet;
  const index::ReindexReport report = index::reindex(request, quiet);
  ASSERT_EQ(report.warnings.size(), 1u);  // titles make a content model without any event
  EXPECT_NE(report.warnings[0].find("the model mf was not trained"), std::string::npos);
  EXPECT_EQ(report.blend, (std::map<std::string, double>{{"content", 1.0}}));
}

}  // namespace
}  // namespace segue
