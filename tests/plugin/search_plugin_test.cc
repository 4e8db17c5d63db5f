#include "plugin/search_plugin.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"
#include "plugin/request_json.h"
#include "tests/support/small_shop.h"

namespace segue::plugin {
namespace {

std::string publish(const tests::SmallShop& shop) {
  index::Progress quiet;
  return index::reindex(shop.request(), quiet).snapshot;
}

Options serve(const std::filesystem::path& store) {
  Options options;
  options.store = store;
  return options;
}

Request lamps() {
  return parse_request(R"({"query": "lamp", "size": 5, "fields": ["title", "price"]})", "request");
}

TEST(SearchPlugin, AnswersWithFieldsAndTheSnapshotThatServed) {
  const tests::SmallShop shop(3000);
  const std::string id = publish(shop);
  const auto plugin = SearchPlugin::open(serve(shop.store));
  const Answer answer = plugin->answer(lamps());
  EXPECT_EQ(answer.snapshot, id);
  ASSERT_FALSE(answer.hits.empty());
  EXPECT_EQ(answer.hits[0].kind, "product");
  EXPECT_TRUE(std::holds_alternative<double>(answer.hits[0].fields.at("price")));
  EXPECT_EQ(answer.hits[0].fields.size(), 2u);
  EXPECT_NE(to_json(answer).find("\"snapshot\":\"" + id + "\""), std::string::npos);
}

TEST(SearchPlugin, RefusesToMixSnapshotsAndNamesBoth) {
  const tests::SmallShop shop(3000);
  const std::string id = publish(shop);
  const auto plugin = SearchPlugin::open(serve(shop.store));
  Request request = lamps();
  request.snapshot = "20200101T000000Z-00000000";
  try {
    plugin->answer(request);
    FAIL() << "an answer from another snapshot";
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(id), std::string::npos);
    EXPECT_NE(what.find(request.snapshot), std::string::npos);
  }
}

std::vector<std::string> ids(const Answer& answer) {
  std::vector<std::string> found;
  for (const AnswerHit& hit : answer.hits) found.push_back(hit.id);
  return found;
}

TEST(SearchPlugin, TakesTheSessionFromWhereverTheRequestNamesIt) {
  const tests::SmallShop shop(3000);
  publish(shop);
  const auto plugin = SearchPlugin::open(serve(shop.store));
  const auto ask = [&](const std::string& json) {
    const Answer answer = plugin->answer(parse_request(json, "request"));
    EXPECT_TRUE(answer.ok) << to_json(answer);
    EXPECT_TRUE(answer.diagnostics.empty()) << to_json(answer);
    return ids(answer);
  };
  const std::string session = R"([{"item": "P00002"}, {"item": "P00003"}])";
  const auto expected = ask(R"({"query": "{!session ctx=$ctx}", "params": {"ctx": )" + session + "}}");
  EXPECT_EQ(ask(R"({"query": "{!session}", "ctx": )" + session + "}"), expected);
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "ctx": )" + session + "}"), expected);
  EXPECT_EQ(ask(R"({"query": "{!session}", "params": {"ctx": )" + session + "}}"), expected);
  // A user's own session stands in for a missing one; an unknown user has none, and popularity decides.
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "user": "u00001"})"),
            ask(R"({"query": "{!session}", "user": "u00001"})"));
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "user": "nobody"})"),
            ask(R"({"query": "{!session ctx=$ctx}", "ctx": []})"));
  EXPECT_EQ(ask(R"({"query": "{!session ctx=$ctx}", "user": "nobody"})").front(),
            ask(R"({"query": "{!session ctx=$ctx model=popularity seen=include}", "ctx": []})").front());
}

TEST(SearchPlugin, PagesThroughSuggestionsAndKnowsWhenTheyEnd) {
  const tests::SmallShop shop(3000);
  publish(shop);
  const auto plugin = SearchPlugin::open(serve(shop.store));
  const auto ask = [&](const std::string& json) { return plugin->answer(parse_request(json, "request")); };
  const Answer all = ask(R"({"suggest": "l", "size": 500})");
  ASSERT_GT(all.hits.size(), 3u);
  EXPECT_TRUE(all.total_exact);
  EXPECT_EQ(all.total, all.hits.size());
  const Answer second = ask(R"({"suggest": "l", "size": 1, "offset": 1})");
  ASSERT_EQ(second.hits.size(), 1u);
  EXPECT_EQ(second.hits[0].id, all.hits[1].id);
  EXPECT_EQ(second.hits[0].hit.rank, 2u);
  EXPECT_FALSE(second.total_exact);
  // The operator is the same list, also with what was typed in a parameter.
  const Answer as_query = ask(R"({"query": "{!suggest n=500}\"l\"", "size": 500})");
  EXPECT_TRUE(as_query.suggestion);
  EXPECT_EQ(ids(as_query), ids(all));
  EXPECT_EQ(ids(ask(R"({"query": "{!suggest n=500 q=$typed}", "params": {"typed": "l"}, "size": 500})")),
            ids(all));
  const Answer beyond = ask(R"({"query": "{!suggest n=2}\"l\"", "size": 5})");
  EXPECT_EQ(beyond.hits.size(), 2u);
  EXPECT_EQ(beyond.diagnostics.size(), 1u);
}

TEST(SearchPlugin, SaysWhichTextADiagnosticIsAbout) {
  const tests::SmallShop shop(3000);
  publish(shop);
  const auto plugin = SearchPlugin::open(serve(shop.store));
  const auto source = [&](const std::string& json) {
    const Answer answer = plugin->answer(parse_request(json, "request"));
    return answer.diagnostics.empty() ? "none" : answer.diagnostics[0].source;
  };
  EXPECT_EQ(source(R"({"query": "lamp", "filter": "oak ("})"), "filter");
  EXPECT_EQ(source(R"({"query": "$q", "params": {"q": "(a"}, "mode": "strict"})"), "$q");
  EXPECT_EQ(source(R"({"query": "(a"})"), "");
  EXPECT_EQ(source(R"({"query": "lamp", "sort": ["prise"]})"), "sort");
  EXPECT_EQ(source(R"({"query": "lamp", "facets": ["categori"]})"), "facets");
  EXPECT_EQ(source(R"({"query": "lamp", "zork": 1})"), "request");
}

TEST(SearchPlugin, SwapsUnderTrafficWithoutAFailedQuery) {
  const tests::SmallShop shop(3000);
  const std::string first = publish(shop);
  Options polling = serve(shop.store);
  polling.poll = std::chrono::milliseconds(20);
  const auto plugin = SearchPlugin::open(polling);
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::atomic<int> answers = 0;
  std::vector<std::thread> users;
  for (int t = 0; t < 2; ++t) {
    users.emplace_back([&] {
      while (!stop) {
        const Answer answer = plugin->answer(lamps());
        failures += answer.ok && answer.hits.size() == 5 ? 0 : 1;
        ++answers;
      }
    });
  }
  const auto pinned = plugin->acquire();
  const std::string second = publish(shop);
  ASSERT_NE(first, second);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (plugin->acquire()->snapshot->id() != second && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(plugin->acquire()->snapshot->id(), second);
  EXPECT_EQ(pinned->snapshot->id(), first);  // whoever holds the old one may go on with it
  query::SearchRequest search;
  search.query = "lamp";
  EXPECT_TRUE(pinned->engine->search(search).ok);
  stop = true;
  for (std::thread& user : users) user.join();
  EXPECT_EQ(failures, 0);
  EXPECT_GT(answers, 0);
}

TEST(SearchPlugin, SaysHowToMendAStoreThatIsMissingOrEmpty) {
  const tests::TemporaryFolder folder;
  try {
    SearchPlugin::open(serve(folder.path() / "none"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  }
}

TEST(CInterface, ServesAHostThatKnowsOnlyTheHeader) {
  const tests::SmallShop shop(3000);
  publish(shop);
  const std::string command = std::string(SEGUE_C_HOST) + " " + SEGUE_LIBRARY + " " + shop.store.string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace segue::plugin
