#include "query/query_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/backend.h"
#include "query/operators/diversify.h"
#include "tests/support/small_shop.h"

namespace segue::query {
namespace {

using index::Event;
using index::ItemId;

Event item_event(const std::string& id) {
  Event event;
  event.item = id;
  return event;
}

Event query_event(const std::string& text) {
  Event event;
  event.query = text;
  return event;
}

/// One published shop for all tests of this file.
class QueryEngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shop_ = std::make_unique<tests::SmallShop>();
    index::Progress quiet;
    const index::ReindexReport report = index::reindex(shop_->request(), quiet);
    backend_ = kernels::make_backend(kernels::Device::kCpu);
    snapshot_ = index::Snapshot::open(index::SnapshotStore(shop_->store), report.snapshot, *backend_);
    engine_ = std::make_unique<QueryEngine>(*snapshot_, Limits());
    // A session of three products of one department.
    const index::Catalogue& catalogue = snapshot_->catalogue();
    for (index::ItemId item = 0; item < catalogue.size(); ++item) {
      const auto category = catalogue.attribute(item, "category");
      if (session_.size() < 3 && category && std::get<std::string>(*category) == "lighting") {
        session_.push_back(item_event(std::string(catalogue.id(item))));
      }
    }
  }
  static void TearDownTestSuite() {
    engine_.reset();
    snapshot_.reset();
    backend_.reset();
    shop_.reset();
    session_.clear();
  }

  static SearchRequest request(const std::string& query, std::size_t size = 10) {
    SearchRequest request;
    request.query = query;
    request.params = {{"ctx", session_}, {"q", std::string("lamp")}};
    request.size = size;
    return request;
  }
  static SearchResult search(const std::string& query, std::size_t size = 10) {
    SearchResult result = engine_->search(request(query, size));
    EXPECT_TRUE(result.ok) << query << ": "
                           << (result.diagnostics.empty() ? "" : result.diagnostics[0].message);
    return result;
  }
  static std::vector<ItemId> items(const SearchResult& result) {
    std::vector<ItemId> found;
    for (const SearchHit& hit : result.hits) found.push_back(hit.item);
    return found;
  }
  static std::string attribute(ItemId item, const std::string& name) {
    const auto attributes = snapshot_->catalogue().item(item).attributes;
    const auto found = attributes.find(name);
    return found == attributes.end() ? "" : std::get<std::string>(found->second);
  }
  static std::string first_error(const std::string& query) {
    const SearchResult result = engine_->search(request(query));
    EXPECT_FALSE(result.ok) << query;
    EXPECT_TRUE(result.hits.empty()) << query;
    return result.diagnostics.empty() ? "" : result.diagnostics.front().message;
  }

  static std::unique_ptr<tests::SmallShop> shop_;
  static std::unique_ptr<kernels::Backend> backend_;
  static std::shared_ptr<const index::Snapshot> snapshot_;
  static std::unique_ptr<QueryEngine> engine_;
  static std::vector<Event> session_;
};

std::unique_ptr<tests::SmallShop> QueryEngineTest::shop_;
std::unique_ptr<kernels::Backend> QueryEngineTest::backend_;
std::shared_ptr<const index::Snapshot> QueryEngineTest::snapshot_;
std::unique_ptr<QueryEngine> QueryEngineTest::engine_;
std::vector<Event> QueryEngineTest::session_;

TEST_F(QueryEngineTest, RanksPlainWordsByTextAlone) {
  const SearchResult result = search("$q");
  ASSERT_FALSE(result.hits.empty());
  for (const SearchHit& hit : result.hits) {
    EXPECT_NE(snapshot_->catalogue().title(hit.item).find("lamp"), std::string::npos);
    ASSERT_EQ(hit.legs.size(), 1u);
    EXPECT_EQ(hit.legs[0].name, "text");
    EXPECT_NEAR(hit.legs[0].score, hit.score, 1e-5 * hit.score);
  }
  EXPECT_GE(result.total, result.hits.size());
}

TEST_F(QueryEngineTest, ScoresAnOperatorByItsRank) {
  // The Transformer scores every item; a blend may turn out to be of transitions alone, which do not.
  const SearchResult result = search("{!session ctx=$ctx model=transformer topK=50}", 50);
  ASSERT_EQ(result.hits.size(), 50u);
  EXPECT_EQ(result.total, 50u);
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const SearchHit& hit = result.hits[i];
    ASSERT_EQ(hit.legs.size(), 1u);
    EXPECT_EQ(hit.legs[0].name, "session");
    EXPECT_DOUBLE_EQ(hit.score, 1 - static_cast<double>(*hit.legs[0].rank - 1) / 50);
    if (i > 0) {
      EXPECT_LE(hit.legs[0].raw, result.hits[i - 1].legs[0].raw);
    }
  }
  EXPECT_DOUBLE_EQ(result.hits[0].score, 1);
}

TEST_F(QueryEngineTest, AddsAnOptionalOperatorToTheTextAndKeepsToARequiredOne) {
  const SearchResult text = search("+lamp", 400);
  const SearchResult both = search("+lamp {!session ctx=$ctx topK=100}^2", 400);
  const auto text_items = items(text);
  auto both_items = items(both);
  EXPECT_EQ(both.total, text.total);
  std::set<ItemId> expected(text_items.begin(), text_items.end());
  EXPECT_EQ(std::set<ItemId>(both_items.begin(), both_items.end()), expected);
  bool moved = false;
  for (const SearchHit& hit : both.hits) {
    double sum = 0;
    for (const HitLeg& leg : hit.legs) sum += leg.score;
    EXPECT_NEAR(sum, hit.score, 1e-5 * hit.score);
    if (hit.legs.size() == 2) {
      moved = true;
      EXPECT_EQ(hit.legs[1].name, "session");
      EXPECT_NEAR(hit.legs[1].score, 2 * (1 - static_cast<double>(*hit.legs[1].rank - 1) / 100), 1e-12);
    }
  }
  EXPECT_TRUE(moved);
  const SearchResult required = search("lamp +{!session ctx=$ctx topK=20}", 100);
  EXPECT_LE(required.hits.size(), 20u);
  EXPECT_EQ(required.total, search("{!session ctx=$ctx topK=20}", 20).hits.size());
}

TEST_F(QueryEngineTest, RemovesWhatAProhibitedOperatorHolds) {
  const std::string id = session_[0].item;
  const auto near = items(search("{!knn like=" + id + " topK=30}", 30));
  ASSERT_EQ(near.size(), 30u);
  for (const ItemId item : items(search("lamp -{!knn like=" + id + " topK=30}", 400))) {
    EXPECT_EQ(std::find(near.begin(), near.end(), item), near.end());
  }
  EXPECT_EQ(std::find(near.begin(), near.end(), snapshot_->catalogue().find(id)), near.end());
}

TEST_F(QueryEngineTest, AppliesAFilterInsideEveryLegSoThatKHitsRemain) {
  SearchRequest wanted = request("{!session ctx=$ctx model=transformer topK=10}");
  wanted.filter = "category:garden";
  const SearchResult result = engine_->search(wanted);
  ASSERT_TRUE(result.ok);
  EXPECT_EQ(result.hits.size(), 10u);
  for (const SearchHit& hit : result.hits) EXPECT_EQ(attribute(hit.item, "category"), "garden");
  wanted.query = "{!hybrid}($q)({!session ctx=$ctx})";
  for (const SearchHit& hit : engine_->search(wanted).hits)
    EXPECT_EQ(attribute(hit.item, "category"), "garden");
}

TEST_F(QueryEngineTest, FusesLegsAsReciprocalRankFusionDoesByHand) {
  const auto text = search("lamp", 200).hits;
  const auto session = search("{!session ctx=$ctx topK=200}", 200).hits;
  std::map<ItemId, double> expected;
  for (std::size_t r = 0; r < text.size(); ++r)
    expected[text[r].item] += 2.0 / static_cast<double>(60 + r + 1);
  for (std::size_t r = 0; r < session.size(); ++r)
    expected[session[r].item] += 1.0 / static_cast<double>(60 + r + 1);
  const SearchResult fused = search("{!hybrid w=2,1}(lamp)({!session ctx=$ctx})", 200);
  ASSERT_EQ(fused.hits.size(), std::min<std::size_t>(200, expected.size()));
  for (const SearchHit& hit : fused.hits) {
    ASSERT_GE(hit.legs.size(), 2u);
    EXPECT_EQ(hit.legs[0].name, "hybrid");
    EXPECT_NEAR(hit.legs[0].raw, expected.at(hit.item), 1e-12);
    double sum = 0;
    for (std::size_t l = 1; l < hit.legs.size(); ++l) sum += hit.legs[l].score;
    EXPECT_NEAR(sum, hit.legs[0].raw, 1e-12);
  }
}

TEST_F(QueryEngineTest, LeavesOutTheSessionsItemsWhenAsked) {
  std::set<ItemId> own;
  for (const Event& event : session_) own.insert(snapshot_->catalogue().find(event.item));
  const auto count = [&](const std::string& seen) {
    std::size_t n = 0;
    for (const ItemId item : items(search("{!session ctx=$ctx topK=400 seen=" + seen + "}", 400)))
      n += own.count(item);
    return n;
  };
  EXPECT_EQ(count("exclude"), 0u);
  EXPECT_EQ(count("last:1"), own.size() - 1);
  EXPECT_EQ(count("include"), own.size());
  EXPECT_EQ(count("visit"), 0u) << "without times the session is one visit";
  for (std::size_t e = 0; e < session_.size(); ++e)
    session_[e].time = e + 1 < session_.size() ? static_cast<double>(e) : 86'400;
  EXPECT_EQ(count("visit"), own.size() - 1) << "the newest event is of the next day";
  SearchRequest later = request("{!session ctx=$ctx topK=400 seen=visit}", 400);
  later.moment.time = 86'400 + 1801;
  std::size_t back = 0;
  for (const ItemId item : items(engine_->search(later))) back += own.count(item);
  EXPECT_EQ(back, own.size()) << "that visit is over";
  for (Event& event : session_) event.time.reset();
}

TEST_F(QueryEngineTest, KeepsQueriesOutUnlessTheyAreAskedFor) {
  for (const ItemId item : items(search("lamp {!session ctx=$ctx topK=200}", 200))) {
    EXPECT_FALSE(snapshot_->catalogue().is_query(item));
  }
  SearchRequest wanted = request("lamp");
  wanted.kind = "query";
  const SearchResult queries = engine_->search(wanted);
  ASSERT_FALSE(queries.hits.empty());
  for (const SearchHit& hit : queries.hits) EXPECT_TRUE(snapshot_->catalogue().is_query(hit.item));
  bool named = false;
  for (const ItemId item : items(search("lamp kind:query", 400)))
    named = named || snapshot_->catalogue().is_query(item);
  EXPECT_TRUE(named);
}

TEST_F(QueryEngineTest, LetsWordsDecideWhereNoModelKnowsTheSessionAndPopularityWhereNothingSpeaks) {
  SearchRequest wanted = request("{!session ctx=$ctx}");
  wanted.params["ctx"] =
      std::vector<Event>{query_event("a very unusual brass thing, floor lamp of sorts"), item_event("gone")};
  const SearchResult words = engine_->search(wanted);
  ASSERT_TRUE(words.ok);
  EXPECT_EQ(words.skipped, 1u);
  ASSERT_FALSE(words.hits.empty());
  const std::string title(snapshot_->catalogue().title(words.hits[0].item));
  EXPECT_TRUE(title.find("lamp") != std::string::npos || title.find("brass") != std::string::npos) << title;

  wanted.params["ctx"] = std::vector<Event>{};
  const SearchResult popular = engine_->search(wanted);
  std::vector<index::ScoredItem> plain;
  for (const SearchHit& hit : search("{!session ctx=$ctx model=popularity seen=include topK=400}", 400).hits)
    plain.push_back({hit.item, hit.legs[0].raw});
  auto expected = diversify(plain, snapshot_->diversity(), *likeness_space(*snapshot_));
  expected.resize(10);
  ASSERT_EQ(popular.hits.size(), 10u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(popular.hits[i].item, expected[i].item) << i;
    EXPECT_NEAR(popular.hits[i].legs[0].raw, expected[i].score, 1e-12) << i;
  }
}

TEST_F(QueryEngineTest, GivesTheSameHitsPageByPage) {
  const auto whole = items(search("+lamp {!session ctx=$ctx}^2", 30));
  std::vector<ItemId> pages;
  for (std::size_t offset = 0; offset < 30; offset += 7) {
    SearchRequest page = request("+lamp {!session ctx=$ctx}^2", 7);
    page.offset = offset;
    const SearchResult result = engine_->search(page);
    if (!result.hits.empty()) {
      EXPECT_EQ(result.hits[0].rank, offset + 1);
    }
    for (const ItemId item : items(result)) pages.push_back(item);
  }
  pages.resize(whole.size());
  EXPECT_EQ(pages, whole);
}

TEST_F(QueryEngineTest, BreaksTiesByTheBytesOfTheId) {
  const SearchResult all = search("*:*", 400);
  ASSERT_GT(all.hits.size(), 100u);
  EXPECT_TRUE(std::is_sorted(all.hits.begin(), all.hits.end(),
                             [](const SearchHit& a, const SearchHit& b) { return a.item < b.item; }));
}

TEST_F(QueryEngineTest, NamesTermsModelsEventsAndNeighboursInAnExplanation) {
  SearchRequest wanted = request("+lamp {!session ctx=$ctx topK=400}^2", 5);
  wanted.explain = true;
  const SearchResult result = engine_->search(wanted);
  ASSERT_FALSE(result.hits.empty());
  const Explanation& why = *result.hits[0].explanation;
  ASSERT_EQ(why.legs.size(), 2u);
  EXPECT_EQ(why.legs[0].name, "text");
  ASSERT_FALSE(why.legs[0].terms.empty());
  EXPECT_EQ(why.legs[0].terms[0].term, "lamp");
  double sum = 0;
  for (const TermScore& term : why.legs[0].terms) sum += term.score;
  EXPECT_NEAR(sum, result.hits[0].legs[0].score, 1e-5);
  const LegExplanation& session = why.legs[1];
  EXPECT_EQ(session.source, "models");
  ASSERT_FALSE(session.models.empty());
  double raw = 0;
  for (const ModelShare& share : session.models) raw += share.weight * share.z;
  EXPECT_NEAR(raw, result.hits[0].legs[1].raw, 1e-4);
  EXPECT_EQ(session.events.size(), session_.size());
  EXPECT_FALSE(session.neighbours.empty());
}

TEST_F(QueryEngineTest, SaysBecauseOfWhichItemsOfTheSessionAModelRanksAHit) {
  for (const std::string model : {"neighbours", "transitions", "mf"}) {
    SearchRequest wanted = request("{!session ctx=$ctx model=" + model + "}", 5);
    wanted.explain = true;
    const SearchResult result = engine_->search(wanted);
    ASSERT_FALSE(result.hits.empty()) << model;
    for (const auto& hit : result.hits) {
      const auto& models = hit.explanation->legs.back().models;
      ASSERT_EQ(models.size(), 1u);
      if (model == "neighbours") {
        EXPECT_TRUE(models[0].model.ends_with("-neighbours")) << models[0].model;
      }
      ASSERT_FALSE(models[0].because.empty()) << model;
      double shares = 0;
      for (const Cause& cause : models[0].because) shares += cause.share;
      EXPECT_GT(shares, 0);
      if (model != "mf") {  // there an item may speak against another
        EXPECT_LE(shares, 1 + 1e-9);
      }
    }
  }
}

TEST_F(QueryEngineTest, NeverThrowsForWhatUsersType) {
  EXPECT_EQ(first_error("{!sesion ctx=$ctx}"), "there is no operator {!sesion}");
  EXPECT_NE(first_error("(lamp"), "");
  EXPECT_NE(first_error("$nobody"), "");
  EXPECT_NE(first_error("{!knn like=nothing}").find("no item has the id"), std::string::npos);
  EXPECT_NE(first_error("{!knn f=transformer}[1, 2]").find("the vector has 2 numbers"), std::string::npos);
  EXPECT_NE(first_error("lamp {!suggest}\"a\"").find("only as the whole query"), std::string::npos);
  EXPECT_NE(first_error("{!hybrid w=1}(a)(b)").find("1 weights for 2 legs"), std::string::npos);
  SearchRequest hostile = request("$q");
  hostile.params["q"] = std::string("{!session ctx=$ctx} ) ^ \" +- [");
  EXPECT_TRUE(engine_->search(hostile).ok);
  SearchRequest large = request("lamp");
  large.size = 10'001;
  EXPECT_FALSE(engine_->search(large).ok);
}

TEST_F(QueryEngineTest, SortsAndCountsByAttributes) {
  SearchRequest wanted = request("lamp", 400);
  wanted.sort = {"-price"};
  wanted.facets = {"category"};
  const SearchResult result = engine_->search(wanted);
  double last = INFINITY;
  for (const SearchHit& hit : result.hits) {
    const double price = std::get<double>(snapshot_->catalogue().item(hit.item).attributes.at("price"));
    EXPECT_LE(price, last);
    last = price;
  }
  std::size_t counted = 0;
  for (const FacetCount& count : result.facets.at("category")) counted += count.count;
  EXPECT_EQ(counted, result.total);
}

TEST_F(QueryEngineTest, TakesTheUsersNewestSessionWhereNoneIsGiven) {
  SearchRequest wanted = request("{!session}");
  wanted.params.clear();
  const SearchResult nobody = engine_->search(wanted);
  EXPECT_TRUE(nobody.ok);
  EXPECT_FALSE(nobody.diagnostics.empty());
  wanted.session = &session_;
  const SearchResult known = engine_->search(wanted);
  EXPECT_TRUE(known.diagnostics.empty());
  EXPECT_EQ(items(known), items(search("{!session ctx=$ctx}")));
}

}  // namespace
}  // namespace segue::query
