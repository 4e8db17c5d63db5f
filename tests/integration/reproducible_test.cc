#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "index/reindex/reindexer.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A manifest without what may differ from run to run: times, memory, the id, checksums of text/ and
/// vectors/.
nlohmann::json comparable(const fs::path& file) {
  nlohmann::json manifest = nlohmann::json::parse(content(file));
  manifest.erase("id");
  manifest.erase("created");
  for (auto& phase : manifest["phases"]) {
    for (auto entry = phase.begin(); entry != phase.end();) {
      entry = entry.key() == "name" ? std::next(entry) : phase.erase(entry);
    }
  }
  for (auto& curve : manifest["training"]["curves"]) {
    for (auto& point : curve["points"]) point.erase("seconds");
  }
  for (auto entry = manifest["files"].begin(); entry != manifest["files"].end();) {
    const bool varies = entry.key().starts_with("text/") || entry.key().starts_with("vectors/");
    entry = varies ? manifest["files"].erase(entry) : std::next(entry);
  }
  return manifest;
}

std::string answers(const fs::path& store) {
  plugin::Options options;
  options.store = store;
  const auto plugin = plugin::SearchPlugin::open(options);
  std::string all;
  for (const char* request :
       {R"({"query": "lamp", "size": 20})",
        R"({"query": "{!session ctx=$ctx}", "params": {"ctx": [{"item": "P00001"}, {"item": "P00009"}]}})",
        R"({"suggest": "la", "ctx": [{"item": "P00009"}]})"}) {
    plugin::Answer answer = plugin->answer(plugin::parse_request(request, "request"));
    answer.snapshot.clear();
    all += plugin::to_json(answer) + "\n";
  }
  return all;
}

TEST(Reindex, GivesTheSameBytesForTheSameSeed) {
  const tests::SmallShop shop(4000);
  index::Progress quiet;
  std::vector<fs::path> folders;
  std::vector<std::string> results;
  for (const char* name : {"one", "two"}) {
    index::ReindexRequest request = shop.request();
    request.store = shop.folder.path() / name;
    const std::string id = index::reindex(request, quiet).snapshot;
    folders.push_back(request.store / "snapshots" / id);
    results.push_back(answers(request.store));
  }
  std::size_t compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folders[0])) {
    if (!entry.is_regular_file()) continue;
    const fs::path relative = fs::relative(entry.path(), folders[0]);
    if (relative.extension() != ".safetensors" && relative != "items.jsonl") continue;
    EXPECT_EQ(content(entry.path()), content(folders[1] / relative)) << relative;
    ++compared;
  }
  EXPECT_GE(compared, 7u);
  EXPECT_EQ(comparable(folders[0] / "manifest.json"), comparable(folders[1] / "manifest.json"));
  EXPECT_EQ(results[0], results[1]);
}

TEST(Reindex, GivesOtherModelsForAnotherSeed) {
  const tests::SmallShop shop(3000);
  index::Progress quiet;
  index::ReindexRequest request = shop.request();
  const std::string one = index::reindex(request, quiet).snapshot;
  request.seed = 2;
  const std::string two = index::reindex(request, quiet).snapshot;
  const fs::path snapshots = shop.store / "snapshots";
  EXPECT_NE(content(snapshots / one / "models/transformer.safetensors"),
            content(snapshots / two / "models/transformer.safetensors"));
}

}  // namespace
}  // namespace segue
