#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "index/input/events_reader.h"
#include "index/input/jsonl_writer.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class EventsFile : public testing::Test {
 protected:
  EventsFile() : file_(std::filesystem::path(testing::TempDir()) / "segue_events.jsonl") {}
  ~EventsFile() override { std::filesystem::remove(file_); }

  std::vector<Event> read(std::string_view text, bool skip_invalid = false) {
    std::ofstream(file_, std::ios::binary) << text;
    return read_file(skip_invalid);
  }
  std::vector<Event> read_file(bool skip_invalid = false) {
    EventsReader reader(file_, {.skip_invalid = skip_invalid});
    std::vector<Event> events;
    Event event;
    while (reader.next(event)) events.push_back(event);
    report_ = reader.report();
    return events;
  }
  std::string error(std::string_view line) {
    try {
      read("{\"user\": \"u\", \"item\": \"i\"}\n" + std::string(line) + "\n");
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
      const std::string prefix = file_.string() + ":2: ";
      EXPECT_THAT(e.what(), testing::StartsWith(prefix));
      return std::string(e.what()).substr(prefix.size());
    }
    return "no error";
  }

  std::filesystem::path file_;
  EventsReport report_;
};

TEST_F(EventsFile, ReadsTheThreeFormsOfTheDocumentation) {
  const std::vector<Event> events = read(
      R"({"session": "536365", "user": "17850", "time": 1291191960, "item": "85123A", "action": "purchase"}
{"session": "536365", "user": "17850", "time": 1291191975, "query": "white lantern"}
{"user": "196", "item": "242", "rating": 3, "time": 881250949})");
  ASSERT_EQ(events.size(), 3u);
  Event first;
  first.session = "536365";
  first.user = "17850";
  first.time = 1291191960;
  first.item = "85123A";
  first.action = "purchase";
  EXPECT_EQ(events[0], first);
  EXPECT_EQ(events[1].query, "white lantern");
  EXPECT_EQ(events[1].action, "view");
  EXPECT_EQ(events[2].rating, 3);
  EXPECT_EQ(report_.events, 3u);
  EXPECT_EQ(report_.queries, 1u);
  EXPECT_EQ(report_.rated, 1u);
  EXPECT_EQ(report_.untimed, 0u);
}

TEST_F(EventsFile, ReadsTimesInBothForms) {
  const std::vector<Event> events = read(R"({"user": "u", "item": "i", "time": 1.5}
{"user": "u", "item": "i", "time": "2010-12-01T08:26:00+01:00"}
{"user": "u", "item": "i", "time": -1}
{"user": "u", "item": "i"})");
  EXPECT_EQ(events[0].time, 1.5);
  EXPECT_EQ(events[1].time, 1291188360);
  EXPECT_EQ(events[2].time, -1);
  EXPECT_EQ(events[3].time, std::nullopt);
  EXPECT_EQ(report_.untimed, 1u);
}

TEST_F(EventsFile, ForgetsTheEventBefore) {
  const std::vector<Event> events = read(
      R"({"session": "s", "user": "u", "time": 1, "item": "i", "action": "buy", "rating": 2, "context": {"a": "b"}, "target": true}
{"user": "v", "query": "q"})");
  Event second;
  second.user = "v";
  second.query = "q";
  EXPECT_EQ(events[1], second);
  EXPECT_TRUE(events[0].target);
  EXPECT_THAT(events[0].context, ElementsAre(Pair("a", "b")));
}

TEST_F(EventsFile, NamesLineAndReasonOfAMalformedLine) {
  EXPECT_THAT(error("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error("{\"user\": \"u\", \"query\": \"\xc3\x28\"}"), HasSubstr("invalid UTF-8"));
  EXPECT_THAT(error("{\"item\": \"i\"}"),
              HasSubstr("neither \"session\" nor \"user\" is given; an event of a log needs one"));
  EXPECT_THAT(error("{\"user\": \"u\"}"), HasSubstr("neither \"item\" nor \"query\""));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"query\": \"q\"}"),
              HasSubstr("both \"item\" and \"query\""));
  EXPECT_THAT(error("{\"user\": \"\", \"item\": \"i\"}"), HasSubstr("\"user\" is empty"));
  EXPECT_THAT(error("{\"user\": 196, \"item\": \"i\"}"),
              HasSubstr("\"user\" must be a string, not a number; put it in quotes"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"\"}"), HasSubstr("\"item\" is empty"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"a\\u0000\"}"), HasSubstr("NUL"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"time\": \"noon\"}"), HasSubstr("ISO 8601"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"time\": true}"),
              HasSubstr("\"time\" must be a number or a string"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"time\": 1291191960000}"),
              HasSubstr("seconds, not milliseconds"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"rating\": \"3\"}"),
              HasSubstr("\"rating\" must be a number"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"rating\": 1e999}"), HasSubstr("too large"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"action\": \"\"}"),
              HasSubstr("\"action\" is empty"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"context\": \"phone\"}"),
              HasSubstr("\"context\" must be an object"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"context\": {\"n\": 1}}"),
              HasSubstr("\"context.n\" must be a string"));
  EXPECT_THAT(error("{\"user\": \"u\", \"item\": \"i\", \"target\": 1}"), HasSubstr("true or false"));
  EXPECT_THAT(error("{\"user\": \"u\", \"user\": \"v\", \"item\": \"i\"}"),
              HasSubstr("\"user\" comes twice"));
}

TEST_F(EventsFile, IgnoresUnknownKeysAndCountsThem) {
  read(
      "{\"user\": \"u\", \"item\": \"i\", \"price\": 3}\n{\"user\": \"u\", \"item\": \"i\", \"price\": 4, "
      "\"x\": null}\n");
  EXPECT_THAT(report_.ignored_keys, ElementsAre(Pair("price", 2u)));
  EXPECT_EQ(report_.warnings().size(), 1u);
}

TEST_F(EventsFile, SkipsMalformedLinesWhenAsked) {
  const auto events = read("x\n{\"user\": \"u\", \"item\": \"i\"}\n{\"user\": \"u\"}\n", true);
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(report_.invalid, 2u);
  EXPECT_THAT(report_.examples[1], HasSubstr(":3: neither"));
}

TEST_F(EventsFile, RoundTripsThroughTheWriter) {
  std::vector<Event> events;
  for (int i = 0; i < 64; ++i) {
    Event event;
    if ((i & 1) != 0) event.session = "s\"" + std::to_string(i);
    if ((i & 1) == 0 || (i & 2) != 0) event.user = "u";
    if ((i & 4) != 0) event.time = 1291191960.25 + i;
    if ((i & 8) != 0) {
      event.item = "\u00e9\n";
    } else {
      event.query = i % 3 == 0 ? "" : "q";
    }
    if ((i & 16) != 0) event.rating = 3.5;
    if ((i & 32) != 0) {
      event.action = "buy";
      event.context = {{"device", "phone"}, {"place", ""}};
      event.target = true;
    }
    events.push_back(event);
  }
  JsonlWriter writer(file_);
  for (const Event& event : events) writer.write(event);
  writer.finish();
  EXPECT_EQ(read_file(), events);
}

TEST_F(EventsFile, NeverCrashesOnRandomBytes) {
  std::mt19937 random(5);
  const std::string valid =
      R"({"session": "s1", "user": "u", "time": 12, "item": "i", "action": "buy", "rating": 3, "context": {"a": "b"}})";
  std::string text;
  for (int line = 0; line < 20000; ++line) {
    std::string mutated = valid;
    for (std::size_t n = 1 + random() % 3; n > 0; --n)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    text += mutated + "\n";
  }
  const auto events = read(text, true);
  EXPECT_GT(report_.invalid, 5000u);
  EXPECT_EQ(report_.events, events.size());
  EXPECT_GT(events.size(), 1000u);
}

TEST(Session, IsReadFromTheJsonOfARequest) {
  const std::vector<Event> events =
      parse_session(R"([{"item": "85123A"}, {"query": "white lantern", "time": 5, "user": 7, "x": []}])");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].item, "85123A");
  EXPECT_EQ(events[1].query, "white lantern");
  EXPECT_EQ(events[1].time, 5);
  EXPECT_TRUE(parse_session("[]").empty());
}

TEST(Session, NamesTheEntryThatIsMalformed) {
  const auto error = [](std::string_view text) -> std::string {
    try {
      parse_session(text);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(error("[{\"item\": \"a\"}, {}]"), HasSubstr("ctx[1]: neither \"item\" nor \"query\""));
  EXPECT_THAT(error("[\"a\"]"), HasSubstr("ctx[0]: an event is an object"));
  EXPECT_THAT(error("{}"), HasSubstr("ctx: a session is a list"));
  EXPECT_THAT(error(""), HasSubstr("ctx: "));
}

}  // namespace
}  // namespace segue::index
