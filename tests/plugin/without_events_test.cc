// A store that has items and no events: text, content vectors, words of sessions and suggestions work.

#include <gtest/gtest.h>

#include <fstream>

#include "index/reindex/reindexer.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"
#include "tests/support/small_shop.h"

namespace segue::plugin {
namespace {

class WithoutEvents : public testing::Test {
 protected:
  WithoutEvents() {
    const auto items = folder_.path() / "items.jsonl";
    std::ofstream(items) << R"({"id": "a", "title": "Brass floor lamp", "vector": [1, 0], "weight": 3})"
                            "\n"
                            R"({"id": "b", "title": "Brass candle holder", "vector": [0.9, 0.1]})"
                            "\n"
                            R"({"id": "c", "title": "Wool blanket", "vector": [0, 1], "weight": 8})"
                            "\n"
                            R"({"id": "q1", "kind": "query", "title": "brass lamp", "weight": 2})"
                            "\n"
                            R"({"id": "q2", "kind": "query", "title": "brush", "weight": 5})"
                            "\n";
    index::ReindexRequest request;
    request.items = items;
    request.store = folder_.path() / "store";
    index::Progress quiet;
    report_ = index::reindex(request, quiet);
    Options options;
    options.store = request.store;
    plugin_ = SearchPlugin::open(options);
  }
  std::vector<std::string> ask(const std::string& request) const {
    const Answer answer = plugin_->answer(parse_request(request, "request"));
    EXPECT_TRUE(answer.ok) << to_json(answer);
    std::vector<std::string> ids;
    for (const AnswerHit& hit : answer.hits) ids.push_back(hit.id);
    return ids;
  }

  tests::TemporaryFolder folder_;
  index::ReindexReport report_;
  std::unique_ptr<SearchPlugin> plugin_;
};

using Ids = std::vector<std::string>;

TEST_F(WithoutEvents, SkipsTheGateAndSaysSo) {
  EXPECT_EQ(report_.gate.substr(0, 8), "skipped:");
}

TEST_F(WithoutEvents, SearchesTextAndGivenVectors) {
  EXPECT_EQ(ask(R"({"query": "brass"})").size(), 2u);
  EXPECT_EQ(ask(R"({"query": "{!knn f=content like=a topK=1}"})"), Ids{"b"});
  EXPECT_EQ(ask(R"({"query": "{!knn f=content topK=1}[0, 1]"})"), Ids{"c"});
}

TEST_F(WithoutEvents, FindsWhatSaysTheSame) {
  EXPECT_EQ(ask(R"({"query": "{!knn f=words like=a topK=1}"})"), Ids{"b"});
}

TEST_F(WithoutEvents, RanksBySessionWordsAndElseByPriorWeight) {
  // What was seen counts by what it says, and so does what was typed.
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx seen=exclude}", "params": {"ctx": [{"item": "a"}]}})"),
            (Ids{"b", "c"}));
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "params": {"ctx": [{"query": "blankets"}]}})").front(),
            "c");
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "params": {"ctx": []}})"), (Ids{"c", "a", "b"}));
}

TEST_F(WithoutEvents, SuggestsByPriorWeightAndByTheSessionsWords) {
  EXPECT_EQ(ask(R"({"suggest": "br"})").front(), "q2");
  EXPECT_EQ(ask(R"({"suggest": "br", "ctx": [{"item": "a"}]})").front(), "q1");
  EXPECT_EQ(ask(R"({"suggest": "br", "ctx": [{"query": "lamps of brass"}]})").front(), "q1");
}

}  // namespace
}  // namespace segue::plugin
