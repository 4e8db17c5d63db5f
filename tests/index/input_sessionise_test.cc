#include "index/input/sessionise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "index/input/jsonl_writer.h"

namespace segue::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One event in short: "session/user@time item" or "session/user@time ?text"; empty parts are absent.
Event event(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::size_t at = text.find('@');
  const std::size_t blank = text.find(' ');
  Event out;
  out.session = text.substr(0, slash);
  out.user = text.substr(slash + 1, at - slash - 1);
  const std::string time(text.substr(at + 1, blank - at - 1));
  if (!time.empty()) out.time = std::stod(time);
  const std::string_view what = text.substr(blank + 1);
  (what.front() == '?' ? out.query : out.item) = what.front() == '?' ? what.substr(1) : what;
  return out;
}

class Sessions : public testing::Test {
 protected:
  static Catalogue make_catalogue() {
    std::vector<Item> items;
    for (const char* id : {"a", "b", "c", "d"}) items.emplace_back().id = id;
    Item query;
    query.id = "q1";
    query.kind = "query";
    query.title = "White Lantern";
    items.push_back(query);
    return Catalogue(std::move(items));
  }

  EventLog log(const std::vector<Event>& events) {
    Sessioniser sessioniser(catalogue_, options_);
    for (const Event& e : events) sessioniser.add(e);
    EventLog out = sessioniser.finish();
    report_ = sessioniser.report();
    return out;
  }

  /// "key(user): item item ?text; ..." of a log.
  std::vector<std::string> sequences(const std::vector<std::string>& lines) {
    std::vector<Event> events;
    for (const std::string& line : lines) events.push_back(event(line));
    return describe(log(events));
  }
  std::vector<std::string> describe(const EventLog& log) const {
    std::vector<std::string> out;
    for (const Sequence& s : log.sequences) {
      std::string text = s.key;
      text += "(" + (s.user == LogEvent::kNone ? std::string() : log.users[s.user]) + "):";
      for (std::size_t i = s.begin; i < s.end; ++i) {
        const LogEvent& e = log.events[i];
        text += " " + (e.item == kNoItem ? "?" + log.queries[e.query] : std::string(catalogue_.id(e.item)));
      }
      out.push_back(text);
    }
    return out;
  }

  Catalogue catalogue_ = make_catalogue();
  SessionOptions options_;
  SessionReport report_;
};

TEST_F(Sessions, AreThoseThatTheLogNames) {
  EXPECT_THAT(sequences({"s1/u@10 a", "s2/u@20 b", "s1/u@30 c", "s2/u@9000 d"}),
              ElementsAre("s1(u): a c", "s2(u): b d"));
}

TEST_F(Sessions, BelongToTheUserThatAnyOfTheirRowsStates) {
  EXPECT_THAT(sequences({"s1/@10 a", "s1/u@20 b", "s2/@15 c"}), ElementsAre("s1(u): a b", "s2(): c"));
}

TEST_F(Sessions, OfOneNameAndSeveralUsersAreOneForEachUser) {
  EXPECT_THAT(sequences({"1/u@10 a", "1/v@11 b", "1/@12 c", "1/u@13 d"}),
              ElementsAre("1(u): a d", "1(v): b", "1(): c"));
  EXPECT_EQ(report_.divided_sessions, 1u);
  EXPECT_THAT(report_.warnings(), ElementsAre(HasSubstr("1 sessions name several users")));
}

TEST_F(Sessions, WithoutANameEndWhereAPauseIsLongerThanTheGap) {
  options_.sequences.gap = 100;
  EXPECT_THAT(sequences({"/u@0 a", "/u@100 b", "/u@201 c", "/v@150 d"}),
              ElementsAre("u#1(u): a b", "v#1(v): d", "u#2(u): c"));
}

TEST_F(Sessions, AreTheWholeHistoryWithoutAGap) {
  options_.sequences.gap = std::numeric_limits<double>::infinity();
  EXPECT_THAT(sequences({"/u@0 a", "/v@1 b", "/u@1e9 c"}), ElementsAre("u(u): a c", "v(v): b"));
}

TEST_F(Sessions, OfAUserAreOneSequenceWhenAsked) {
  options_.sequences.whole_users = true;
  EXPECT_THAT(sequences({"s2/u@50 a", "s1/u@10 b", "s1/u@60 c", "/u@9000 d", "s3/@20 a", "s3/@30 b"}),
              ElementsAre("u(u): b a c d", "s3(): a b"));
}

TEST_F(Sessions, AreInTheOrderOfTimeAndThenOfTheFile) {
  EXPECT_THAT(sequences({"s/@20 a", "s/@10 b", "s/@20 c", "s/@10 d"}), ElementsAre("s(): b d a c"));
}

TEST_F(Sessions, WithoutTimesAreInTheOrderOfTheFileAndUncut) {
  EXPECT_THAT(sequences({"/v@ a", "/u@5000 b", "/u@ c", "/v@ d", "/u@10 a"}),
              ElementsAre("u(u): b c a", "v(v): a d"));
}

TEST_F(Sessions, WithoutTimesComeByKeyBehindThoseWithTimes) {
  EXPECT_THAT(sequences({"/v@ a", "/u@ b", "t/@7 c"}), ElementsAre("t(): c", "u(u): b", "v(v): a"));
  EXPECT_EQ(report_.untimed_groups, 2u);
}

TEST_F(Sessions, AreSortedByTimeAndThenByKey) {
  EXPECT_THAT(sequences({"z/@5 a", "b/@9 b", "a/@9 c"}), ElementsAre("z(): a", "a(): c", "b(): b"));
}

TEST_F(Sessions, TakeATypedTextForTheItemOfKindQueryThatItFoldsTo) {
  EXPECT_THAT(sequences({"s/@1 ?WHITE lantern!", "s/@2 ?white", "s/@3 ?white", "s/@4 ?...", "s/@5 a"}),
              ElementsAre("s(): q1 ?white ?white a"));
  EXPECT_EQ(report_.query_items, 1u);
  EXPECT_EQ(report_.texts, 2u);
  EXPECT_EQ(report_.distinct_texts, 1u);
  EXPECT_EQ(report_.empty_texts, 1u);
  EXPECT_EQ(report_.item_events, 2u);
}

TEST_F(Sessions, SkipAndCountUnknownItems) {
  EXPECT_THAT(sequences({"s/@1 x", "s/@2 a", "s/@3 x", "s/@4 y", "t/@5 z"}), ElementsAre("s(): a"));
  EXPECT_EQ(report_.unknown_items, 4u);
  EXPECT_THAT(report_.unknown_examples, ElementsAre("x", "y", "z"));
  EXPECT_THAT(
      report_.warnings(),
      ElementsAre(HasSubstr("4 of 5 events are on unknown items and were skipped, for example: x, y, z")));
}

TEST_F(Sessions, WeighActionsByTheConfigurationAndRatingsByOne) {
  Config::Events config;
  config.actions = {{"purchase", 3}, {"hover", 0}};
  config.min_rating = 4;
  options_ = session_options(config);
  std::vector<Event> events(5, event("s/@1 a"));
  events[1].action = "purchase";
  events[2].action = "hover";
  events[3].rating = 5;
  events[3].action = "purchase";
  events[4].rating = 3.5;
  const EventLog out = log(events);
  ASSERT_EQ(out.events.size(), 5u);
  const auto weight = [&](std::size_t i) { return out.events[i].weight; };
  EXPECT_EQ(weight(0), 1);
  EXPECT_EQ(weight(1), 3);
  EXPECT_EQ(weight(2), 0);
  EXPECT_EQ(weight(3), 1);
  EXPECT_EQ(weight(4), 0);
  EXPECT_EQ(out.events[4].rating, 3.5f);
  EXPECT_TRUE(std::isnan(out.events[0].rating));
  EXPECT_EQ(report_.below_min_rating, 1u);
  EXPECT_EQ(report_.actions.at("purchase"), 2u);
}

TEST_F(Sessions, MergeConsecutiveRepeatsWhenAsked) {
  options_.drop_consecutive_repeats = true;
  options_.weights.actions = {{"purchase", 3}};
  std::vector<Event> events = {event("s/@1 a"), event("s/@2 ?lamp"), event("s/@3 a"),
                               event("s/@4 b"), event("s/@5 a"),     event("t/@6 a")};
  events[2].action = "purchase";
  events[2].target = true;
  const EventLog out = log(events);
  EXPECT_THAT(describe(out), ElementsAre("s(): a ?lamp b a", "t(): a"));
  EXPECT_EQ(out.events[0].weight, 3);
  EXPECT_EQ(out.events[0].time, 1);
  EXPECT_EQ(out.events[0].last_time(), 3);
  EXPECT_EQ(out.events[1].last_time(), 2);
  EXPECT_TRUE(out.marked);
  EXPECT_FALSE(out.events[0].target) << "what repeats the event before it is not predicted";
  EXPECT_EQ(report_.repeats, 1u);
  EXPECT_EQ(report_.item_events, 4u);
}

TEST_F(Sessions, MergeNothingWithEventsWithoutWeight) {
  options_.drop_consecutive_repeats = true;
  options_.weights.actions = {{"view", 0}, {"purchase", 3}};
  std::vector<Event> events = {event("s/@1 a"), event("s/@2 a"), event("s/@3 b"), event("s/@4 a")};
  events[1].action = events[3].action = "purchase";
  events[1].target = true;
  const EventLog out = log(events);
  EXPECT_THAT(describe(out), ElementsAre("s(): a a b"));
  EXPECT_EQ(out.events[0].weight, 0);
  EXPECT_EQ(out.events[1].weight, 3);
  EXPECT_TRUE(out.events[1].target);
  EXPECT_EQ(out.events[1].last_time(), 4) << "the view of another item lies between, but counts for nothing";
  EXPECT_EQ(report_.merged_targets, 0u);
}

TEST_F(Sessions, KeepRepeatsOtherwise) {
  EXPECT_THAT(sequences({"s/@1 a", "s/@2 a"}), ElementsAre("s(): a a"));
}

TEST_F(Sessions, OptionsComeFromTheConfiguration) {
  Config::Events config;
  EXPECT_EQ(session_options(config).sequences.gap, 1800);
  EXPECT_FALSE(session_options(config).sequences.whole_users);
  config.session_gap = "none";
  config.sequence = "user";
  config.drop_consecutive_repeats = true;
  EXPECT_TRUE(std::isinf(session_options(config).sequences.gap));
  EXPECT_TRUE(session_options(config).sequences.whole_users);
  EXPECT_TRUE(session_options(config).drop_consecutive_repeats);
}

TEST_F(Sessions, GiveACatalogueWhereThereAreNoItems) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "segue_sessionise.jsonl";
  JsonlWriter writer(file);
  for (const char* line : {"s/@1 b", "s/@2 a", "s/@3 ?lamp", "s/@4 b", "s/@5 query:x"})
    writer.write(event(line));
  writer.write(event("s/@6 " + std::string(257, 'x')));
  writer.finish();
  const Catalogue catalogue = make_catalogue_from_events(file);
  ASSERT_EQ(catalogue.size(), 2u);
  EXPECT_EQ(catalogue.id(0), "a");
  EXPECT_EQ(catalogue.id(1), "b");

  EventsReader reader(file);
  Sessioniser sessioniser(catalogue, {});
  EXPECT_THAT(sessionise(reader, sessioniser).events.size(), 4u);
  EXPECT_EQ(sessioniser.report().unknown_items, 2u);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace segue::index
