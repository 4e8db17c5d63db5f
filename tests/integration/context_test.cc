// Context from the log to the answer: of a shop in which the page decides what people look at.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The files of models/ by name.
std::map<std::string, std::string> models_of(const index::ReindexRequest& request, const std::string& id) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(index::SnapshotStore(request.store).path_of(id) / "models"))
    files[entry.path().filename()] = content(entry.path());
  return files;
}

TEST(Context, ALogWhoseContextIsNotWantedGivesTheModelsOfALogWithout) {
  const tests::SmallShop shop(3000, 1, true);
  index::Progress quiet;
  index::ReindexRequest unwanted = shop.request();
  unwanted.config.transformer.epochs = 1;
  unwanted.config.context.keys = "none";
  const auto first = models_of(unwanted, index::reindex(unwanted, quiet).snapshot);

  index::ReindexRequest without = unwanted;
  without.events = shop.without_contexts();
  without.config.context.keys = "auto";
  const auto second = models_of(without, index::reindex(without, quiet).snapshot);
  EXPECT_EQ(first, second);
  EXPECT_TRUE(first.contains("transformer.safetensors"));
  EXPECT_FALSE(first.contains("context.json"));
  EXPECT_FALSE(first.contains("context_popularity.safetensors"));
  EXPECT_EQ(first.at("transformer.safetensors").find("context"), std::string::npos);
}

class ContextShop : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = new tests::SmallShop(8000, 1, true);
    index::Progress quiet;
    index::ReindexRequest request = shop_->request();
    request.models = {"transformer"};  // so that the blend is of models that know context
    request.config.transformer.epochs = 6;
    request.force = true;  // so small a training need not beat popularity
    snapshot_ = index::reindex(request, quiet).snapshot;
    plugin::Options options;
    options.store = request.store;
    plugin_ = plugin::SearchPlugin::open(options).release();
  }
  static void TearDownTestSuite() {
    delete plugin_;
    delete shop_;
  }

  static json ask(const json& request) {
    return json::parse(plugin::to_json(plugin_->answer(plugin::parse_request(request.dump(), "request"))));
  }
  /// Mean price of the hits for an empty session on a page.
  static double price_on(const std::string& page) {
    const json answer = ask({{"query", "{!session ctx=$ctx}"},
                             {"params", {{"ctx", json::array()}}},
                             {"context", {{"page", page}}},
                             {"fields", {"price", "category"}},
                             {"size", 20}});
    double sum = 0;
    for (const json& hit : answer["hits"]) sum += hit["fields"]["price"].get<double>();
    return sum / static_cast<double>(answer["hits"].size());
  }

  static tests::SmallShop* shop_;
  static plugin::SearchPlugin* plugin_;
  static std::string snapshot_;
};
tests::SmallShop* ContextShop::shop_ = nullptr;
plugin::SearchPlugin* ContextShop::plugin_ = nullptr;
std::string ContextShop::snapshot_;

TEST_F(ContextShop, AnEmptySessionGetsWhatIsPopularInItsContext) {
  EXPECT_LT(price_on("deals"), 0.8 * price_on("home")) << "on the page `deals` people look at what is cheap";
}

TEST_F(ContextShop, ASessionGetsOtherScoresInAnotherContext) {
  // Of items by id: so short a training moves scores, but not yet the order.
  const auto scores = [](const json& context) {
    json request = {{"query", "{!session ctx=$ctx model=transformer topK=1000}"},
                    {"params", {{"ctx", {{{"item", "P00001"}, {"context", {{"page", "home"}}}}}}}},
                    {"size", 400}};
    if (!context.is_null()) request["context"] = context;
    std::map<std::string, double> raw;
    const json answer = ask(request);
    EXPECT_TRUE(answer["diagnostics"].empty()) << answer["diagnostics"];
    for (const json& hit : answer["hits"]) raw[hit["id"]] = hit["legs"][0]["raw"];
    return raw;
  };
  const auto deals = scores({{"page", "deals"}});
  EXPECT_GT(deals.size(), 100u);
  EXPECT_NE(deals, scores({{"page", "home"}}));
  EXPECT_EQ(deals, scores({{"page", "deals"}, {"weather", "rain"}}));
  EXPECT_EQ(scores({{"page", "a page that nobody has seen"}}), scores(nullptr));
}

TEST_F(ContextShop, ExplanationsNameWhatTheContextMoved) {
  const json answer = ask({{"query", "{!session ctx=$ctx model=transformer}"},
                           {"params", {{"ctx", {{{"item", "P00001"}, {"context", {{"page", "home"}}}}}}}},
                           {"context", {{"page", "deals"}, {"device", "phone"}, {"unknown", "x"}}},
                           {"explain", true},
                           {"size", 1}});
  const json& leg = answer["hits"][0]["explain"]["legs"][0];
  ASSERT_EQ(leg["context"].size(), 3u) << leg;
  std::set<std::string> named;
  for (const json& share : leg["context"]) {
    named.insert(share["of"].get<std::string>() + " " + share["key"].get<std::string>() + "=" +
                 share["value"].get<std::string>());
    // What is left out of the request can be asked for, too: the contribution is the difference.
    if (share["of"] != "request" || share["key"] != "page") continue;
    const json without = ask({{"query", "{!session ctx=$ctx model=transformer topK=1000}"},
                              {"params", {{"ctx", {{{"item", "P00001"}, {"context", {{"page", "home"}}}}}}}},
                              {"context", {{"device", "phone"}}},
                              {"size", 400}});
    for (const json& hit : without["hits"]) {
      if (hit["id"] != answer["hits"][0]["id"]) continue;
      EXPECT_NEAR(share["contribution"].get<double>(),
                  answer["hits"][0]["legs"][0]["raw"].get<double>() - hit["legs"][0]["raw"].get<double>(),
                  1e-4);
    }
  }
  EXPECT_EQ(named,
            (std::set<std::string>{"request device=phone", "request page=deals", "session page=home"}));
}

TEST_F(ContextShop, TheStoredSessionOfAUserBringsItsContexts) {
  // The sessions of one user by the time at which they began.
  const std::string user = "u00001";
  std::map<std::string, std::string> began;  // by name
  std::map<std::string, json> sessions;      // by time and name
  std::ifstream in(shop_->events);
  for (std::string line; std::getline(in, line);) {
    const json event = json::parse(line);
    if (event.value("user", "") != user) continue;
    const std::string name = event.at("session");
    const auto first = began.try_emplace(name, event.at("time").dump() + " " + name).first;
    json entry = {{"context", event.value("context", json::object())}};
    if (event.contains("item")) entry["item"] = event["item"];
    if (event.contains("query")) entry["query"] = event["query"];
    sessions[first->second].push_back(entry);
  }
  ASSERT_FALSE(sessions.empty());
  const json& ctx = sessions.rbegin()->second;
  const json query = {{"query", "{!session ctx=$ctx model=transformer}"}, {"size", 5}, {"explain", true}};
  json by_user = query;
  by_user["user"] = user;
  json by_ctx = query;
  by_ctx["params"] = {{"ctx", ctx}};
  json bare = by_ctx;
  for (json& event : bare["params"]["ctx"]) event.erase("context");
  const std::string stored = ask(by_user)["hits"].dump();
  EXPECT_EQ(stored, ask(by_ctx)["hits"].dump());
  EXPECT_NE(stored, ask(bare)["hits"].dump());
}

TEST_F(ContextShop, SuggestionsTakeTheContextToo) {
  const auto on_page = [](const std::string& page) {
    const json answer = ask({{"suggest", ""},
                             {"ctx", {{{"item", "P00001"}}}},
                             {"context", {{"page", page}, {"place", "DE"}}},
                             {"size", 20}});
    std::vector<double> scores;
    for (const json& hit : answer["hits"]) scores.push_back(hit["score"]);
    return scores;
  };
  EXPECT_NE(on_page("deals"), on_page("inspiration"));
}

TEST_F(ContextShop, AListOfValuesThatDoesNotFitTheModelsIsDamage) {
  const fs::path folder = index::SnapshotStore(shop_->store).path_of(snapshot_);
  const std::string good = content(folder / "models/context.json");
  json values = json::parse(good);
  values["values"].erase(values["values"].end() - 1);
  std::ofstream(folder / "models/context.json") << values.dump();
  plugin::Options options;
  options.store = shop_->store;
  options.verify = false;
  try {
    plugin::SearchPlugin::open(options);
    ADD_FAILURE() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore) << error.what();
  }
  std::ofstream(folder / "models/context.json") << good;
}

}  // namespace
}  // namespace segue
