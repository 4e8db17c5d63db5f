#include "index/snapshot/user_sessions.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;
using Context = std::map<std::string, std::string>;

/// Two users: zoe with two sequences, al with one of a typed text and 60 events on items.
EventLog log_of_two() {
  EventLog log;
  log.users = {"zoe", "al"};
  log.queries = {"lamps", "white lamps"};
  log.contexts = {{{"device", "phone"}}, {{"device", "desk"}, {"page", "home"}}, {{"page", "rare"}}};
  const auto event = [&](ItemId item, std::uint32_t query, std::uint32_t context) {
    LogEvent one;
    one.time = item == 4 ? std::numeric_limits<double>::quiet_NaN() : 1000.75 + item;
    one.item = item;
    one.query = query;
    one.context = context;
    log.events.push_back(one);
  };
  event(0, LogEvent::kNone, 0);
  event(1, LogEvent::kNone, 0);
  log.sequences.push_back({0, 2, 0, "zoe#1"});
  for (int e = 0; e < 60; ++e) event(static_cast<ItemId>(e % 5), LogEvent::kNone, LogEvent::kNone);
  event(kNoItem, 1, 1);
  log.sequences.push_back({2, 63, 1, "al#1"});
  event(2, LogEvent::kNone, 0);
  event(3, LogEvent::kNone, 1);
  event(4, LogEvent::kNone, 2);
  log.sequences.push_back({63, 66, 0, "zoe#2"});
  return log;
}

class UserSessionsTest : public ::testing::Test {
 protected:
  UserSessionsTest() : catalogue_(make_catalogue(5)), log_(log_of_two()) {
    ContextOptions options;
    options.min_count = 2;  // so that the page `rare` is not known
    contexts_ = ContextVocabulary::learn(log_, options);
  }
  std::filesystem::path file() const { return folder_ / "users.safetensors"; }
  UserSessions round_trip(const ContextVocabulary& contexts) {
    UserSessions::build(log_, event_contexts(log_, contexts), file());
    return UserSessions::open(file(), catalogue_, contexts);
  }

  testing::TemporaryFolder folder_;
  Catalogue catalogue_;
  EventLog log_;
  ContextVocabulary contexts_;
};

TEST_F(UserSessionsTest, KeepTheNewestSequenceOfEachUserWithWhatModelsKnowOfItsContexts) {
  const UserSessions sessions = round_trip(contexts_);
  EXPECT_EQ(sessions.size(), 2u);
  const auto zoe = sessions.find("zoe");
  ASSERT_TRUE(zoe);
  ASSERT_EQ(zoe->size(), 3u);
  EXPECT_EQ((*zoe)[0].item, catalogue_.id(2));
  EXPECT_EQ((*zoe)[0].context, (Context{{"device", "phone"}}));
  EXPECT_EQ((*zoe)[2].context, Context()) << "a value that models do not know";
}

TEST_F(UserSessionsTest, AreCutToTheNewestEventsAndHoldTypedTexts) {
  const UserSessions sessions = round_trip(contexts_);
  const auto al = sessions.find("al");
  ASSERT_TRUE(al);
  ASSERT_EQ(al->size(), UserSessions::kEvents);
  EXPECT_EQ(al->back().query, "white lamps");
  EXPECT_TRUE(al->back().item.empty());
  EXPECT_EQ(al->front().item, catalogue_.id(11 % 5));
  EXPECT_FALSE(sessions.find("bob"));
  EXPECT_FALSE(sessions.find(""));
}

TEST_F(UserSessionsTest, WithoutKnownContextsSayNothingOfThem) {
  const UserSessions sessions = round_trip({});
  const auto zoe = sessions.find("zoe");
  ASSERT_TRUE(zoe);
  for (const Event& event : *zoe) EXPECT_TRUE(event.context.empty());
  EXPECT_FALSE(Safetensors::open(file())->has("event.context"));
}

TEST_F(UserSessionsTest, KeepTheSecondsOfEventsWhereTheyAreKnown) {
  const auto zoe = round_trip(contexts_).find("zoe");
  ASSERT_TRUE(zoe);
  EXPECT_EQ((*zoe)[0].time, 1002);
  EXPECT_EQ((*zoe)[1].time, 1003);
  EXPECT_EQ((*zoe)[2].time, std::nullopt);

  for (LogEvent& event : log_.events) event.time = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ((*round_trip(contexts_).find("zoe"))[0].time, std::nullopt);
  EXPECT_FALSE(Safetensors::open(file())->has("event.time"));
}

TEST_F(UserSessionsTest, LeaveOutEventsWithoutWeightAndKnowTheNewestTouch) {
  const Sequence* newest = nullptr;
  for (const Sequence& sequence : log_.sequences) {
    if (sequence.user != LogEvent::kNone && log_.users[sequence.user] == "zoe") newest = &sequence;
  }
  ASSERT_NE(newest, nullptr);
  log_.events[newest->begin].touched = 2000;
  log_.events[newest->begin + 1].weight = 0;
  const auto zoe = round_trip(contexts_).find("zoe");
  ASSERT_TRUE(zoe);
  ASSERT_EQ(zoe->size(), 2u);
  EXPECT_EQ((*zoe)[0].time, 2000);
}

TEST_F(UserSessionsTest, OfALogWithoutUsersAreNone) {
  log_ = {};
  EXPECT_EQ(round_trip({}).size(), 0u);
}

TEST_F(UserSessionsTest, RefuseAFileThatDoesNotFit) {
  round_trip(contexts_);
  const auto fails = [&](const Catalogue& catalogue, const ContextVocabulary& contexts) {
    EXPECT_THROW(UserSessions::open(file(), catalogue, contexts), Error);
  };
  fails(make_catalogue(3), contexts_);
  fails(catalogue_, {});

  struct Tensors {
    std::vector<std::int64_t> events{0, 1};
    std::vector<std::int32_t> items{0};
    std::vector<std::int64_t> times{0};
    std::vector<std::int32_t> of_event{0};
    std::vector<std::int64_t> sets{0, 1};
    std::vector<std::int32_t> values{0};
  };
  const auto opens = [&](const std::function<void(Tensors&)>& spoil) {
    Tensors tensors;
    spoil(tensors);
    SafetensorsWriter writer;
    writer.add("user.bytes", {1}, std::vector<std::uint8_t>{'a'});
    writer.add("user.offsets", {2}, std::vector<std::int64_t>{0, 1});
    writer.add("query.bytes", {0}, std::vector<std::uint8_t>{});
    writer.add("query.offsets", {1}, std::vector<std::int64_t>{0});
    writer.add("event.offsets", {tensors.events.size()}, tensors.events);
    writer.add("event.item", {tensors.items.size()}, tensors.items);
    writer.add("event.query", {1}, std::vector<std::int32_t>{-1});
    writer.add("event.time", {tensors.times.size()}, tensors.times);
    writer.add("event.context", {tensors.of_event.size()}, tensors.of_event);
    writer.add("context.offsets", {tensors.sets.size()}, tensors.sets);
    writer.add("context.values", {tensors.values.size()}, tensors.values);
    writer.write(file());
    try {
      UserSessions::open(file(), catalogue_, contexts_);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      return false;
    }
  };
  EXPECT_TRUE(opens([](Tensors&) {}));
  EXPECT_TRUE(opens([](Tensors& t) { t.of_event = {-1}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.times = {0, 0}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.of_event = {1}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.of_event = {-2}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.of_event = {0, 0}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.sets = {0, 2}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.values = {-1}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.values = {100}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.events = {0}; }));
  EXPECT_FALSE(opens([](Tensors& t) { t.items = {-1}; }));
}

}  // namespace
}  // namespace segue::index
