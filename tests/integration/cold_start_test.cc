// What somebody of whom nothing is known gets: from the log to the answer, of a shop whose fashions change
// and whose bestsellers are all alike.

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "index/model/random_stream.h"
#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<const char*, 6> kCategories{"lamp", "tent", "kettle", "carpet", "violin", "saddle"};
constexpr std::array<const char*, 20> kWords{"amber", "birch",  "coral",  "dune",  "ember", "fjord", "grove",
                                             "heath", "indigo", "jade",   "khaki", "lilac", "maple", "nutmeg",
                                             "ochre", "pearl",  "quartz", "rust",  "slate", "teal"};

/// 120 products, 20 of each category. In the last tenth of 300 days lamps are in fashion, before that tents
/// were; a tablet buys violins.
struct FashionShop {
  explicit FashionShop(bool times = true)
      : items(folder.path() / "items.jsonl"), events(folder.path() / "events.jsonl") {
    std::ofstream out(items);
    for (std::size_t c = 0; c < kCategories.size(); ++c) {
      for (std::size_t w = 0; w < kWords.size(); ++w) {
        out << json{{"id", id(c, w)},
                    {"title", std::string(kWords[w]) + " " + kCategories[c]},
                    {"attributes", {{"category", kCategories[c]}}}}
                   .dump()
            << '\n';
      }
    }
    index::RandomStream random(11);
    std::ofstream log(events);
    for (int session = 0; session < 3000; ++session) {
      const double day = session / 10;
      const bool tablet = session % 5 == 0;
      for (int step = 0; step < 4; ++step) {
        const double u = random.uniform();
        std::size_t category = random.below(kCategories.size());
        if (u < 0.6) category = tablet ? 4 : (day < 270 ? 1 : 0);
        json event = {{"session", "s" + std::to_string(session)},
                      {"item", id(category, random.below(kWords.size()))},
                      {"context", {{"device", tablet ? "tablet" : "desk"}}}};
        if (times)
          event["time"] = static_cast<long long>(1.6e9 + day * 86400 + session % 10 * 3600 + step * 60);
        log << event.dump() << '\n';
      }
    }
  }
  static std::string id(std::size_t category, std::size_t word) {
    return std::string(1, kCategories[category][0]) + std::to_string(word);
  }
  index::ReindexRequest request(const std::string& store) const {
    index::ReindexRequest request;
    request.items = items;
    request.events = events;
    request.store = folder.path() / store;
    request.config = tests::quick_config();
    request.config.blend.seen = "include";
    request.models = {"transitions", "content"};
    request.threads = 2;
    request.force = true;  // what comes next in this shop is a matter of fashion: popularity may well win
    return request;
  }

  tests::TemporaryFolder folder;
  fs::path items;
  fs::path events;
};

json ask(const plugin::SearchPlugin& plugin, const json& more = {}) {
  json request = {
      {"query", "{!session ctx=$ctx}"}, {"params", {{"ctx", json::array()}}}, {"fields", {"category"}}};
  if (!more.is_null()) request.update(more);
  return json::parse(plugin::to_json(plugin.answer(plugin::parse_request(request.dump(), "request"))));
}

std::map<std::string, int> categories(const json& answer) {
  std::map<std::string, int> counts;
  for (const json& hit : answer["hits"]) ++counts[hit["fields"]["category"].get<std::string>()];
  return counts;
}

std::unique_ptr<plugin::SearchPlugin> open(const fs::path& store) {
  plugin::Options options;
  options.store = store;
  return plugin::SearchPlugin::open(options);
}

class ColdStart : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = new FashionShop;
    index::Progress quiet;
    for (const auto& [name, half_life, diversity] :
         {std::tuple{"still", "none", 0.0}, {"fading", "auto", 0.0}, {"diverse", "auto", 0.7}}) {
      index::ReindexRequest request = shop_->request(name);
      request.config.popularity.half_life = half_life;
      request.config.cold_start.diversity = diversity;
      index::reindex(request, quiet);
      plugins_[name] = open(request.store);
    }
  }
  static void TearDownTestSuite() {
    plugins_.clear();
    delete shop_;
  }
  static FashionShop* shop_;
  static std::map<std::string, std::unique_ptr<plugin::SearchPlugin>> plugins_;
};
FashionShop* ColdStart::shop_ = nullptr;
std::map<std::string, std::unique_ptr<plugin::SearchPlugin>> ColdStart::plugins_;

TEST_F(ColdStart, FadingShowsTheNewFashionAndWithoutItTheOldOne) {
  EXPECT_GE(categories(ask(*plugins_["still"]))["tent"], 8);
  EXPECT_GE(categories(ask(*plugins_["fading"]))["lamp"], 8);
}

TEST_F(ColdStart, TheContextOfTheRequestDecides) {
  const json tablet = {{"context", {{"device", "tablet"}}}};
  EXPECT_GE(categories(ask(*plugins_["fading"], tablet))["violin"], 8);
  EXPECT_GE(categories(ask(*plugins_["diverse"], tablet))["violin"], 3);
  EXPECT_EQ(categories(ask(*plugins_["fading"], {{"context", {{"device", "desk"}}}}))["violin"], 0);
}

TEST_F(ColdStart, DiversityPutsMoreCategoriesOnTheFirstPage) {
  const auto plain = categories(ask(*plugins_["fading"]));
  const json answer = ask(*plugins_["diverse"]);
  const auto diverse = categories(answer);
  EXPECT_GE(diverse.size(), plain.size() + 2);
  EXPECT_EQ(answer["hits"][0]["id"], ask(*plugins_["fading"])["hits"][0]["id"])
      << "the first is the most popular";
  double last = 2;
  for (const json& hit : answer["hits"]) {
    EXPECT_LE(hit["score"].get<double>(), last);
    last = hit["score"];
  }
}

std::map<char, int> suggested(const plugin::SearchPlugin& plugin, const json& more) {
  json request = {{"suggest", ""}, {"size", 10}};
  request.update(more);
  const json answer =
      json::parse(plugin::to_json(plugin.answer(plugin::parse_request(request.dump(), "request"))));
  std::map<char, int> counts;
  for (const json& hit : answer["hits"]) ++counts[hit["id"].get<std::string>()[0]];
  return counts;
}

TEST_F(ColdStart, WithNothingTypedSuggestionsFollowTheContextAndDiffer) {
  const json tablet = {{"context", {{"device", "tablet"}}}};
  EXPECT_GE(suggested(*plugins_["fading"], tablet)['v'], 7);
  EXPECT_LT(suggested(*plugins_["fading"], json::object())['v'], 7);
  EXPECT_GE(suggested(*plugins_["diverse"], json::object()).size(),
            suggested(*plugins_["fading"], json::object()).size());
}

TEST_F(ColdStart, UnknownItemsAreAsGoodAsNone) {
  const json unknown = {{"params", {{"ctx", {{{"item", "a thing of another shop"}}}}}}};
  EXPECT_EQ(ask(*plugins_["diverse"], unknown)["hits"].dump(), ask(*plugins_["diverse"])["hits"].dump());
}

TEST_F(ColdStart, ARequestForPopularityItselfIsNotDiversified) {
  const json plain = {{"query", "{!session ctx=$ctx model=popularity}"}};
  EXPECT_EQ(ask(*plugins_["diverse"], plain)["hits"].dump(), ask(*plugins_["fading"], plain)["hits"].dump());
}

TEST_F(ColdStart, PagesDoNotRepeatHits) {
  std::set<std::string> seen;
  for (const int offset : {0, 10, 20, 30}) {
    const json answer = ask(*plugins_["diverse"], {{"offset", offset}});
    for (const json& hit : answer["hits"]) EXPECT_TRUE(seen.insert(hit["id"]).second) << hit["id"];
  }
  EXPECT_EQ(seen.size(), 40u);
}

TEST_F(ColdStart, ExplanationsSayHowAndAddUp) {
  const json answer = ask(*plugins_["diverse"], {{"explain", true}});
  double most = 0;
  for (const json& hit : answer["hits"]) {
    const json& leg = hit["explain"]["legs"][0];
    EXPECT_EQ(leg["source"], "popularity");
    EXPECT_NE(leg["half_life"], "none");
    EXPECT_NEAR(hit["legs"][0]["raw"].get<double>(),
                leg["models"][0]["raw"].get<double>() + leg["diversity"].get<double>(), 1e-9);
    most = std::min(most, leg["diversity"].get<double>());
  }
  EXPECT_LT(most, -0.1);
  const json plain = ask(*plugins_["still"], {{"explain", true}})["hits"][0]["explain"]["legs"][0];
  EXPECT_EQ(plain["half_life"], "none");
  EXPECT_FALSE(plain.contains("diversity"));
}

TEST_F(ColdStart, AKnownSessionIsNotTouched) {
  const json session = {{"params", {{"ctx", {{{"item", "l3"}}, {{"item", "t5"}}}}}}};
  EXPECT_EQ(ask(*plugins_["diverse"], session)["hits"].dump(),
            ask(*plugins_["fading"], session)["hits"].dump());
}

TEST_F(ColdStart, TheManifestKeepsWhatWasChosenAndTried) {
  const index::SnapshotStore store(shop_->folder.path() / "diverse");
  const json training = store.open_manifest(*store.current()).training;
  EXPECT_NE(training["popularity"]["half_life"], "none");
  EXPECT_GE(training["popularity"]["trials"].size(), 3u);
  EXPECT_EQ(training["popularity"]["trials"][0]["half_life"], "none");
  EXPECT_EQ(training["serving"]["diversity"], 0.7);
}

TEST(ColdStartWithoutTimes, AHalfLifeThatCannotCountIsReported) {
  const FashionShop shop(false);
  index::ReindexRequest request = shop.request("store");
  request.config.popularity.half_life = "30d";
  index::Progress quiet;
  const index::ReindexReport report = index::reindex(request, quiet);
  EXPECT_TRUE(std::any_of(report.warnings.begin(), report.warnings.end(), [](const std::string& warning) {
    return warning == "popularity.half_life = \"30d\" does nothing: no event has a time";
  }));
  const index::SnapshotStore store(request.store);
  EXPECT_EQ(store.open_manifest(*store.current()).training["popularity"]["half_life"], "none");
}

TEST(PopularityCorrection, BringsTheTailForwardStepByStepAndAtZeroChangesNothing) {
  const FashionShop shop;
  index::Progress quiet;
  std::map<double, double> novelty;
  std::map<double, double> coverage;
  std::map<double, std::string> answers;
  for (const double strength : {0.0, 0.2, 0.5, 1.0}) {
    index::ReindexRequest request = shop.request("store" + std::to_string(strength));
    request.config.blend.popularity_correction = strength;
    const index::ReindexReport report = index::reindex(request, quiet);
    for (const index::EvaluationRow& row : report.evaluation) {
      if (row.model != (strength > 0 ? "blend-corrected" : "blend")) continue;
      novelty[strength] = row.metrics.at("novelty@10");
      coverage[strength] = row.metrics.at("coverage");
    }
    const auto plugin = open(request.store);
    const json session = {{"params", {{"ctx", {{{"item", "l3"}}}}}}, {"explain", true}};
    const json answer = ask(*plugin, session);
    answers[strength] = answer["hits"].dump();
    double parts = 0;
    bool corrected = false;
    for (const json& part : answer["hits"][0]["explain"]["legs"][0]["models"]) {
      parts += part["weight"].get<double>() * part["z"].get<double>();
      corrected = corrected || part["model"] == "popularity-correction";
    }
    EXPECT_NEAR(answer["hits"][0]["legs"][0]["raw"].get<double>(), parts, 1e-9);
    EXPECT_EQ(corrected, strength > 0);
  }
  ASSERT_EQ(novelty.size(), 4u);
  double last = 0;
  for (const auto& [strength, bits] : novelty) {
    EXPECT_GT(bits, last) << strength;
    last = bits;
  }
  EXPECT_GE(coverage[1.0], coverage[0.0]);
  EXPECT_NE(answers[0.0], answers[1.0]);
}

}  // namespace
}  // namespace segue
