// A typed text that nobody has typed before stands where the item is that is most like it.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "index/model/random_stream.h"
#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "query/operators/session_ranker.h"
#include "query/operators/stand_ins.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

using index::ItemId;

constexpr std::size_t kTopics = 20;

/// Topics of a cup and a spoon whose titles share no word: only behaviour knows that the spoon follows.
class TypedTexts : public testing::Test {
 protected:
  static std::string word(std::size_t topic, char end) {
    std::string text;
    for (std::size_t i = 0; i < 3; ++i) text += static_cast<char>('a' + (topic * 7 + i * 5) % 20);
    return text + end + end;
  }
  /// Also the shop's new cup of each topic, which nobody has touched.
  static void SetUpTestSuite() {
    folder_ = new tests::TemporaryFolder;
    index::ReindexRequest request;
    request.items = folder_->path() / "items.jsonl";
    request.events = folder_->path() / "events.jsonl";
    request.store = folder_->path() / "store";
    request.models = {"transitions", "mf", "content"};
    request.force = true;
    request.config = tests::quick_config();
    std::ofstream items(request.items);
    for (std::size_t t = 0; t < kTopics; ++t) {
      const std::string number = std::to_string(t);
      items << R"({"id": "new)" << number << R"(", "title": ")" << word(t, 'x') << " cup " << word(t, 'y')
            << " today\"}\n"
            << R"({"id": "cup)" << number << R"(", "title": ")" << word(t, 'x') << " cup " << word(t, 'y')
            << "\"}\n"
            << R"({"id": "spoon)" << number << R"(", "title": ")" << word(t, 'z') << " spoon\"}\n";
    }
    items.close();
    std::ofstream events(request.events);
    index::RandomStream random(2);
    for (std::size_t s = 0; s < 600; ++s) {
      std::size_t time = 1000 * s;
      for (std::size_t pair = 0; pair < 2; ++pair) {
        const std::string topic = std::to_string(random.below(kTopics));
        for (const char* kind : {"cup", "spoon"}) {
          events << R"({"session": "s)" << s << R"(", "time": )" << time++ << R"(, "item": ")" << kind
                 << topic << "\"}\n";
        }
      }
    }
    events.close();
    index::Progress quiet;
    const index::ReindexReport report = index::reindex(request, quiet);
    backend_ = kernels::make_backend(kernels::Device::kCpu).release();
    snapshot_ = index::Snapshot::open(index::SnapshotStore(request.store), report.snapshot, *backend_);
  }
  static void TearDownTestSuite() {
    snapshot_.reset();
    delete backend_;
    delete folder_;
  }

  static query::SessionContext session(std::vector<query::SessionEvent> events) {
    query::SessionContext context;
    context.events = std::move(events);
    return context;
  }
  static ItemId item(const std::string& id) { return snapshot_->catalogue().find(id); }
  static query::SessionRanker ranker(std::vector<query::SessionEvent> events, const char* model) {
    return {*snapshot_, session(std::move(events)), model, index::ItemGroup::kSearchable};
  }

  static inline tests::TemporaryFolder* folder_ = nullptr;
  static inline kernels::Backend* backend_ = nullptr;
  static inline std::shared_ptr<const index::Snapshot> snapshot_;
};

TEST_F(TypedTexts, StandForTheItemWithEventsThatIsMostLikeThem) {
  for (std::size_t t = 0; t < kTopics; ++t) {
    const std::string text = word(t, 'y') + " " + word(t, 'x');  // no title
    EXPECT_EQ(query::stand_in(*snapshot_, text), item("cup" + std::to_string(t))) << text;
  }
  EXPECT_EQ(query::stand_in(*snapshot_, "qqqq 0000"), index::kNoItem);
  EXPECT_EQ(query::stand_in(*snapshot_, ""), index::kNoItem);
}

TEST_F(TypedTexts, LeadToWhatFollowsThatItem) {
  for (const char* model : {"transitions", "mf"}) {
    std::size_t right = 0;
    for (std::size_t t = 0; t < kTopics; ++t) {
      const auto ranked = ranker({{index::kNoItem, word(t, 'y') + " " + word(t, 'x')}}, model);
      EXPECT_EQ(ranked.source(), query::SessionRanker::Source::kModels);
      for (const index::ScoredItem& hit : ranked.top(2, nullptr))
        right += hit.item == item("spoon" + std::to_string(t));
    }
    EXPECT_GE(right, kTopics - 1) << model;
  }
}

TEST_F(TypedTexts, StandAtTheirPlaceInTheSession) {
  const std::string cup3 = word(3, 'y') + " " + word(3, 'x');
  const query::SessionContext placed = query::with_stand_ins(
      *snapshot_,
      session({{item("cup1"), {}}, {index::kNoItem, cup3}, {index::kNoItem, "qqqq"}, {item("cup5"), {}}}));
  EXPECT_EQ(placed.items(), (std::vector<ItemId>{item("cup1"), item("cup3"), item("cup5")}));
  const std::vector<ItemId> all{item("spoon3"), item("spoon5"), item("cup9")};
  EXPECT_EQ(ranker({{item("cup1"), {}}, {index::kNoItem, cup3}}, "transitions").score(all),
            ranker({{item("cup1"), {}}, {item("cup3"), {}}}, "transitions").score(all));
}

TEST_F(TypedTexts, OnlyTheNewestOfManyAreLookedUp) {
  std::vector<query::SessionEvent> events;
  for (std::size_t t = 0; t < kTopics; ++t)
    events.push_back({index::kNoItem, word(t, 'y') + " " + word(t, 'x')});
  const auto placed = query::with_stand_ins(*snapshot_, session(events));
  ASSERT_EQ(placed.items().size(), query::kPlacedTexts);
  EXPECT_EQ(placed.items().back(), item("cup" + std::to_string(kTopics - 1)));
}

TEST_F(TypedTexts, AreNamedInTheExplanationByWhatWasTyped) {
  const std::string text = word(4, 'y') + " " + word(4, 'x');
  const auto shares =
      ranker({{item("cup7"), {}}, {index::kNoItem, text}}, "transitions").event_shares(item("spoon4"));
  ASSERT_FALSE(shares.empty());
  EXPECT_EQ(shares[0].text, text);
  EXPECT_GT(shares[0].contribution, 0);
}

}  // namespace
}  // namespace segue
