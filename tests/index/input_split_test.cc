#include "index/input/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "index/input/text_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Split : public testing::Test {
 protected:
  Split() : folder_(std::filesystem::path(testing::TempDir()) / "segue_split") {
    std::filesystem::create_directories(folder_);
  }
  ~Split() override { std::filesystem::remove_all(folder_); }

  SplitReport split(std::string_view events) {
    std::ofstream(folder_ / "events.jsonl") << events;
    return split_events({folder_ / "events.jsonl", folder_ / "train.jsonl", folder_ / "test.jsonl"},
                        options_);
  }
  /// "session: item item* ?text" by session, targets starred, in the order of the file.
  std::string read(const std::string& name) const {
    EventsReader reader(folder_ / name);
    Event event;
    std::map<std::string, std::string> sessions;
    while (reader.next(event)) {
      std::string& text = sessions[event.session + event.user];
      text += " " + (event.item.empty() ? "?" + event.query : event.item) + (event.target ? "*" : "");
    }
    std::string out;
    for (const auto& [key, text] : sessions) out += (out.empty() ? "" : "; ") + key + ":" + text;
    return out;
  }
  std::vector<std::string> lines(const std::string& name) const {
    LineReader reader(folder_ / name);
    std::string_view line;
    std::vector<std::string> out;
    while (reader.next(line)) out.emplace_back(line);
    return out;
  }

  std::filesystem::path folder_;
  SplitOptions options_;
};

TEST_F(Split, LeavesOutTheLastItemOfSequencesOfThree) {
  const SplitReport report = split(R"({"session": "s", "item": "a", "time": 1}
{"session": "s", "item": "b", "time": 2}
{"session": "s", "query": "lamp", "time": 3}
{"session": "s", "item": "c", "time": 4}
{"session": "s", "query": "late", "time": 5}
{"session": "t", "item": "a", "time": 1}
{"session": "t", "item": "b", "time": 2}
)");
  EXPECT_EQ(read("train.jsonl"), "s: a b ?lamp; t: a b");
  EXPECT_EQ(read("test.jsonl"), "s: a b ?lamp c*");
  EXPECT_EQ(report.sequences, 2u);
  EXPECT_EQ(report.test_sequences, 1u);
  EXPECT_EQ(report.targets, 1u);
  EXPECT_EQ(report.train_events, 5u);
  EXPECT_EQ(report.test_events, 4u);
  EXPECT_EQ(report.left_out, 1u);
}

TEST_F(Split, CountsItemEventsAndNotTypedTexts) {
  split(R"({"session": "s", "item": "a"}
{"session": "s", "query": "lamp"}
{"session": "s", "item": "b"}
)");
  EXPECT_EQ(read("train.jsonl"), "s: a ?lamp b");
  EXPECT_THAT(lines("test.jsonl"), IsEmpty());
}

TEST_F(Split, FollowsTimeWithinASequenceAndTheFileInWhatItWrites) {
  split(R"({"session": "s", "item": "c", "time": 3}
{"session": "s", "item": "a", "time": 1}
{"session": "s", "item": "b", "time": 2}
)");
  EXPECT_EQ(read("train.jsonl"), "s: a b");
  EXPECT_EQ(read("test.jsonl"), "s: c* a b");
}

TEST_F(Split, CutsHistoriesAsTrainingDoes) {
  const std::string events = R"({"user": "u", "item": "a", "time": 0}
{"user": "u", "item": "b", "time": 10}
{"user": "u", "item": "c", "time": 20}
{"user": "u", "item": "d", "time": 90000}
)";
  split(events);
  EXPECT_EQ(read("test.jsonl"), "u: a b c*");
  EXPECT_EQ(read("train.jsonl"), "u: a b d");
  options_.sequences.whole_users = true;
  split(events);
  EXPECT_EQ(read("test.jsonl"), "u: a b c d*");
}

TEST_F(Split, DoesNotCountConsecutiveRepeatsWhenAsked) {
  const std::string events = R"({"session": "s", "item": "a"}
{"session": "s", "item": "b"}
{"session": "s", "item": "c"}
{"session": "s", "item": "c"}
)";
  split(events);
  EXPECT_EQ(read("test.jsonl"), "s: a b c c*");
  options_.drop_consecutive_repeats = true;
  split(events);
  EXPECT_EQ(read("test.jsonl"), "s: a b c*");
  EXPECT_EQ(read("train.jsonl"), "s: a b");
}

TEST_F(Split, PredictsNoEventWithoutWeight) {
  options_.weights.actions = {{"hover", 0}};
  options_.weights.min_rating = 3;
  const SplitReport report = split(R"({"session": "s", "item": "a"}
{"session": "s", "item": "b", "rating": 2}
{"session": "s", "item": "c", "rating": 3}
{"session": "s", "item": "d"}
{"session": "s", "item": "e", "action": "hover"}
{"session": "t", "item": "a"}
{"session": "t", "item": "b", "action": "hover"}
{"session": "t", "item": "c"}
)");
  EXPECT_EQ(report.targets, 1u);
  EXPECT_EQ(read("test.jsonl"), "s: a b c d*");
  EXPECT_EQ(read("train.jsonl"), "s: a b c; t: a b c");
}

TEST_F(Split, CopiesLinesAndMarksTargetsAlone) {
  split(
      "{\"session\": \"s\", \"item\": \"a\", \"shelf\": 7}\r\n"
      "{\"session\": \"s\", \"item\": \"b\", \"target\": true}\n"
      "{\"session\": \"s\", \"item\": \"c\", \"shelf\": [8] } \n"
      "{\"session\": \"t\", \"item\": \"a\"}\n{\"session\": \"t\", \"item\": \"b\"}\n"
      "{\"session\": \"t\", \"item\": \"c\", \"target\": false}\n");
  EXPECT_THAT(lines("test.jsonl"),
              ElementsAre("{\"session\": \"s\", \"item\": \"a\", \"shelf\": 7}",
                          "{\"session\": \"s\", \"item\": \"b\"}",
                          "{\"session\": \"s\", \"item\": \"c\", \"shelf\": [8] , \"target\": true}",
                          "{\"session\": \"t\", \"item\": \"a\"}", "{\"session\": \"t\", \"item\": \"b\"}",
                          "{\"session\": \"t\", \"item\": \"c\", \"target\": true}"));
  EXPECT_EQ(read("train.jsonl"), "s: a b; t: a b");
}

const char* const kTimed = R"({"session": "s", "item": "a", "time": 1}
{"session": "s", "item": "b", "time": 2}
{"session": "s", "item": "c", "time": 11}
{"session": "s", "query": "late", "time": 12}
{"session": "t", "item": "a", "time": 13}
{"session": "t", "item": "b", "time": 14}
{"session": "v", "item": "a", "time": 3}
{"session": "w", "item": "d", "time": 15}
)";

TEST_F(Split, PartsByTime) {
  options_.protocol = SplitProtocol::kTime;
  options_.moment = 10;
  const SplitReport report = split(kTimed);
  EXPECT_EQ(read("train.jsonl"), "s: a b; v: a");
  EXPECT_EQ(read("test.jsonl"), "s: a b c*; t: a b*");
  EXPECT_EQ(report.moment, 10);
  EXPECT_EQ(report.left_out, 2u);
}

TEST_F(Split, FindsTheMomentOfAShare) {
  options_.protocol = SplitProtocol::kTime;
  options_.share = 0.25;
  EXPECT_EQ(split(kTimed).moment, 14);
  EXPECT_EQ(read("test.jsonl"), "t: a b*");
}

TEST_F(Split, NeedsTimesForTheProtocolTime) {
  options_.protocol = SplitProtocol::kTime;
  try {
    split("{\"user\": \"u\", \"item\": \"a\", \"time\": 1}\n{\"user\": \"u\", \"item\": \"b\"}\n");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("events.jsonl:2: the event has no \"time\""));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "train.jsonl"));
}

TEST_F(Split, HidesADrawnShareOfTheItems) {
  options_.protocol = SplitProtocol::kColdItems;
  options_.share = 0.2;
  std::string events;
  for (int s = 0; s < 50; ++s) {
    for (int i = 0; i < 6; ++i) {
      events += "{\"session\": \"s" + std::to_string(s) + "\", \"item\": \"i" +
                std::to_string((s * 7 + i * 3) % 20) + "\"}\n";
    }
  }
  const auto items = [this](const std::string& name, bool targets_only) {
    std::set<std::string> out;
    EventsReader reader(folder_ / name);
    Event event;
    while (reader.next(event)) {
      if (event.target || !targets_only) out.insert(event.item);
    }
    return out;
  };
  const SplitReport report = split(events);
  EXPECT_EQ(report.hidden_items, 4u);
  EXPECT_EQ(items("train.jsonl", false).size(), 16u);
  const std::set<std::string> hidden = items("test.jsonl", true);
  EXPECT_EQ(hidden.size(), 4u);
  for (const std::string& item : hidden) EXPECT_EQ(items("train.jsonl", false).count(item), 0u);

  options_.seed = 2;
  split(events);
  EXPECT_NE(items("test.jsonl", true), hidden);
  options_.seed = 1;
  split(events);
  EXPECT_EQ(items("test.jsonl", true), hidden);
}

TEST_F(Split, RefusesAShareThatIsNone) {
  options_.protocol = SplitProtocol::kColdItems;
  for (const double share : {0.0, 1.0, -1.0, 7.0}) {
    options_.share = share;
    EXPECT_THROW(split(kTimed), Error) << share;
  }
}

TEST_F(Split, SkipsMalformedLinesOnBothPasses) {
  options_.skip_invalid = true;
  const SplitReport report = split(
      "x\n{\"session\": \"s\", \"item\": \"a\"}\ny\n{\"session\": \"s\", \"item\": \"b\"}\n"
      "{\"session\": \"s\", \"item\": \"c\"}\nz\n");
  EXPECT_EQ(read("test.jsonl"), "s: a b c*");
  EXPECT_EQ(report.input.invalid, 3u);
}

}  // namespace
}  // namespace segue::index
