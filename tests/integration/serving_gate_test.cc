// The gate beside the snapshot that serves: on newer events, on the figures of both validations, or on
// nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot_files.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

using nlohmann::json;

class ServingGate : public ::testing::Test {
 protected:
  /// Quick and good.
  index::ReindexRequest good() const {
    index::ReindexRequest request = shop_.request();
    request.models = {"transitions"};
    request.config.gate.min_events = 50;
    return request;
  }
  /// So coarse that it knows little of the shop.
  index::ReindexRequest poor() const {
    index::ReindexRequest request = shop_.request();
    request.models = {"mf"};
    request.config.gate.min_events = 50;
    request.config.mf.factors = 1;
    request.config.mf.iterations = 1;
    return request;
  }
  std::filesystem::path older_half() const { return shop_.oldest(0.5); }

  index::Manifest run(const index::ReindexRequest& request) {
    report_ = index::reindex(request, quiet_);
    return index::SnapshotStore(shop_.store).open_manifest(report_.snapshot);
  }
  std::string refusal(const index::ReindexRequest& request) {
    try {
      index::reindex(request, quiet_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kGateRefused);
      return error.what();
    }
    return "";
  }

  tests::SmallShop shop_;
  index::Progress quiet_;
  index::ReindexReport report_;
};

TEST_F(ServingGate, HasNothingToCompareAFirstSnapshotWith) {
  const index::Manifest first = run(good());
  EXPECT_EQ(first.gate.at("result"), "passed");
  EXPECT_FALSE(first.gate.contains("serving"));
  EXPECT_TRUE(first.training.at("newest_event").is_number());
}

TEST_F(ServingGate, ComparesOnEventsThatAreNewerThanAllTheServingOneLearnedFrom) {
  index::ReindexRequest older = good();
  older.events = older_half();
  const index::Manifest first = run(older);
  const index::Manifest second = run(good());
  const json& serving = second.gate.at("serving");
  EXPECT_EQ(serving.at("by"), "newer events");
  EXPECT_EQ(serving.at("snapshot"), first.id);
  EXPECT_GE(serving.at("events").get<std::size_t>(), 50u);
  EXPECT_LT(serving.at("events"), second.evaluation.at("sequences"));
  EXPECT_GT(serving.at("ndcg@10").at("new").get<double>(), 0);
  EXPECT_GT(serving.at("ndcg@10").at("serving").get<double>(), 0);
}

TEST_F(ServingGate, KnowsItemsOfAnotherCatalogueByTheirIds) {
  index::ReindexRequest older = good();
  older.events = older_half();
  run(older);
  const json same = run(good()).gate.at("serving");
  index::SnapshotStore(shop_.store).rollback();

  index::ReindexRequest request = good();
  request.items = shop_.folder.path() / "more.jsonl";
  std::filesystem::copy_file(shop_.items, request.items);
  // Before all others, so that every item has another place.
  std::ofstream(request.items, std::ios::app) << R"({"id": "!", "title": "new"})" << '\n';
  const json other = run(request).gate.at("serving");
  EXPECT_EQ(other.at("events"), same.at("events"));
  EXPECT_DOUBLE_EQ(other.at("ndcg@10").at("serving").get<double>(),
                   same.at("ndcg@10").at("serving").get<double>());
}

TEST_F(ServingGate, ComparesValidationFiguresWhereNoEventIsNewer) {
  const index::Manifest first = run(good());
  const index::Manifest second = run(good());
  const json& serving = second.gate.at("serving");
  EXPECT_EQ(serving.at("by"), "validation figures");
  EXPECT_EQ(serving.at("ndcg@10").at("serving"), first.evaluation.at("models").at("blend").at("ndcg@10"));
  EXPECT_EQ(serving.at("ndcg@10").at("new"), serving.at("ndcg@10").at("serving"));
  EXPECT_EQ(second.gate.at("result"), "passed");
}

TEST_F(ServingGate, TakesARepeatOfWhatTheServingOneLearnedForNoNewerEvent) {
  index::ReindexRequest request = good();
  request.config.events.drop_consecutive_repeats = true;
  run(request);
  // Every session's last event once more, days later.
  std::map<std::string, json> last;
  const auto all = shop_.part("repeated.jsonl", [&](const nlohmann::ordered_json& event) {
    last[event.at("session")] = event;
    return true;
  });
  {
    std::ofstream out(all, std::ios::app);
    for (auto& [session, event] : last) {
      event["time"] = 4e9;
      out << event.dump() << '\n';
    }
  }
  request.events = all;
  EXPECT_EQ(run(request).gate.at("serving").at("by"), "validation figures");
}

TEST_F(ServingGate, RefusesAWorseBlendByFiguresAndByNewerEvents) {
  const std::string first = run(good()).id;
  const std::string by_figures = refusal(poor());
  EXPECT_NE(by_figures.find("the snapshot that serves, " + first), std::string::npos) << by_figures;
  EXPECT_NE(by_figures.find("by validation figures"), std::string::npos) << by_figures;
  EXPECT_EQ(index::SnapshotStore(shop_.store).current(), first) << "the store is as it was";

  std::filesystem::remove_all(shop_.store);
  index::ReindexRequest older = good();
  older.events = older_half();
  run(older);
  const std::string by_events = refusal(poor());
  EXPECT_NE(by_events.find("by newer events"), std::string::npos) << by_events;
}

TEST_F(ServingGate, RefusesBeyondTheMarginAndNotWithinIt) {
  const std::string first = run(good()).id;
  index::ReindexRequest request = poor();
  request.force = true;  // so that whatever else is wrong with it is no reason
  const json figures = run(request).gate.at("serving").at("ndcg@10");
  const double serving = figures.at("serving").get<double>();
  const double loss = (serving - figures.at("new").get<double>()) / serving;
  ASSERT_GT(loss, 0.1);
  const auto reason = [&](double margin) {
    index::SnapshotStore(shop_.store).rollback(first);
    request.config.gate.margin = margin;
    const index::Manifest manifest = run(request);
    EXPECT_EQ(manifest.gate.at("serving").at("ndcg@10"), figures);
    return manifest.gate.at("reason").get<std::string>();
  };
  EXPECT_NE(reason(loss - 1e-3).find("the snapshot that serves"), std::string::npos);
  EXPECT_EQ(reason(loss + 1e-3).find("the snapshot that serves"), std::string::npos);
}

TEST_F(ServingGate, DoesNotRefuseForWhatChanceExplains) {
  run(good());
  index::ReindexRequest request = good();
  request.config.transitions.preset = "damped";
  request.config.gate.margin = 0;
  request.force = true;
  const json gate = run(request).gate;
  const json figures = gate.at("serving").at("ndcg@10");
  ASSERT_LT(figures.at("new"), figures.at("serving")) << "not worse at all: take another preset";
  EXPECT_EQ(gate.at("reason").get<std::string>().find("the snapshot that serves"), std::string::npos);
}

/// A shop whose pages decide what people look at.
class ServingGateOfContexts : public ::testing::Test {
 protected:
  /// What the gate measures of the snapshot that serves, beside a new one of these events and keys.
  double serving(const std::filesystem::path& events, const std::string& keys) {
    index::ReindexRequest request = this->request();
    request.events = events;
    request.config.context.keys = keys;
    const std::string id = index::reindex(request, quiet_).snapshot;
    index::SnapshotStore store(shop_.store);
    const double figure =
        store.open_manifest(id).gate.at("serving").at("ndcg@10").at("serving").get<double>();
    EXPECT_EQ(store.open_manifest(id).gate.at("serving").at("by"), "newer events");
    store.rollback(older_);
    return figure;
  }
  index::ReindexRequest request() const {
    index::ReindexRequest request = shop_.request();
    request.models = {"transformer"};
    request.config.transformer.epochs = 3;
    request.config.gate.min_events = 50;
    request.force = true;
    return request;
  }
  tests::SmallShop shop_{8000, 1, true};
  index::Progress quiet_;
  std::string older_;
};

TEST_F(ServingGateOfContexts, AskTheServingSnapshotInWhatItKnowsItself) {
  index::ReindexRequest older = request();
  older.events = shop_.oldest(2.0 / 3);
  older_ = index::reindex(older, quiet_).snapshot;

  const double with = serving(shop_.events, "auto");
  EXPECT_DOUBLE_EQ(serving(shop_.events, "none"), with) << "whatever the new one knows";
  EXPECT_LT(serving(shop_.without_contexts(), "auto"), with);
}

TEST_F(ServingGate, PublishesByForceAndTheManifestSaysWhy) {
  run(good());
  index::ReindexRequest request = poor();
  request.force = true;
  const index::Manifest forced = run(request);
  EXPECT_EQ(forced.gate.at("result"), "forced");
  EXPECT_NE(forced.gate.at("reason").get<std::string>().find("the snapshot that serves"), std::string::npos);
  EXPECT_LT(forced.gate.at("serving").at("ndcg@10").at("new"),
            forced.gate.at("serving").at("ndcg@10").at("serving"));
}

TEST_F(ServingGate, PublishesWhereTheServingSnapshotIsDamagedAndWarns) {
  const index::Manifest first = run(good());
  const auto folder = index::SnapshotStore(shop_.store).path_of(first.id);
  std::ofstream(folder / std::string(index::files::kPopularity), std::ios::app) << "x";
  const index::Manifest second = run(good());
  EXPECT_FALSE(second.gate.contains("serving"));
  EXPECT_TRUE(std::any_of(report_.warnings.begin(), report_.warnings.end(), [](const std::string& warning) {
    return warning.find("nothing was compared") != std::string::npos;
  }));
}

}  // namespace
}  // namespace segue
