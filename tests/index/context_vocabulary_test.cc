#include "index/model/context_vocabulary.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace segue::index {
namespace {

using Context = ContextVocabulary::Context;

/// A log of events on one item, each with a context and a time.
class Log {
 public:
  void add(const Context& context, std::size_t times, double time = std::nan("")) {
    LogEvent event;
    event.item = 0;
    event.time = time;
    if (!context.empty()) {
      event.context = static_cast<std::uint32_t>(log.contexts.size());
      log.contexts.push_back(context);
    }
    log.events.insert(log.events.end(), times, event);
  }
  EventLog log;
};

std::vector<std::string> names(const ContextVocabulary& vocabulary) {
  std::vector<std::string> out;
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const auto& value = vocabulary[static_cast<ContextId>(id)];
    out.push_back(value.key + "=" + value.value);
  }
  return out;
}

class ContextVocabularyFile : public testing::Test {
 protected:
  ~ContextVocabularyFile() override {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("segue_context_" + std::to_string(getpid()) + ".json");
};

TEST(ContextVocabulary, HasTheValuesThatAreFrequentEnoughInTheOrderOfTheirBytes) {
  Log log;
  log.add({{"device", "phone"}, {"place", "DE"}}, 3);
  log.add({{"device", "tablet"}}, 1);
  log.add({{"device", "desktop"}, {"place", "FR"}}, 2);
  const ContextOptions options{.min_count = 2};
  EXPECT_EQ(names(ContextVocabulary::learn(log.log, options)),
            (std::vector<std::string>{"device=desktop", "device=phone", "place=DE", "place=FR"}));
}

TEST(ContextVocabulary, KeepsTheMostFrequentValuesOfEachKey) {
  Log log;
  for (std::size_t page = 0; page < 9; ++page)
    log.add({{"page", std::to_string(page)}, {"a", "b"}}, page + 1);
  const ContextOptions options{.min_count = 1, .max_values = 2};
  EXPECT_EQ(names(ContextVocabulary::learn(log.log, options)),
            (std::vector<std::string>{"a=b", "page=7", "page=8"}));
}

TEST(ContextVocabulary, CountsOnlyEventsThatTrainModels) {
  Log log;
  log.add({{"device", "phone"}}, 2);
  log.add({{"device", "text"}}, 2);
  log.log.events[2].item = log.log.events[3].item = kNoItem;
  log.add({{"device", "weightless"}}, 2);
  log.log.events[4].weight = log.log.events[5].weight = 0;
  EXPECT_EQ(names(ContextVocabulary::learn(log.log, {.min_count = 1})),
            std::vector<std::string>{"device=phone"});
}

TEST(ContextVocabulary, TakesOnlyTheKeysThatAreNamed) {
  Log log;
  log.add({{"device", "phone"}, {"place", "DE"}, {"page", "home"}}, 5, 0);
  EXPECT_EQ(names(ContextVocabulary::learn(log.log, {.keys = "place page", .min_count = 1})),
            (std::vector<std::string>{"page=home", "place=DE"}));
  EXPECT_TRUE(ContextVocabulary::learn(log.log, {.keys = "none", .min_count = 1}).empty());
}

TEST(ContextVocabulary, WithoutContextAndWithDefaultKeysThereIsNone) {
  Log log;
  log.add({}, 100, 1e9);
  const ContextVocabulary vocabulary = ContextVocabulary::learn(log.log, {.min_count = 1});
  EXPECT_TRUE(vocabulary.empty());
  EXPECT_EQ(event_contexts(log.log, vocabulary).sets, nullptr);
  EXPECT_TRUE(vocabulary.values_of({{"device", "phone"}}, 1e9).empty());
}

TEST(ContextVocabulary, HourAndWeekdayAreThoseOfLocalTime) {
  Log log;
  log.add({}, 1, 0);           // Thursday, 1970-01-01 00:00 UTC
  log.add({}, 1, -1);          // a second earlier: Wednesday, 23:59:59
  log.add({}, 1, 1772366400);  // Sunday, 2026-03-01 12:00 UTC
  log.add({}, 1);              // no time, no hour
  EXPECT_EQ(names(ContextVocabulary::learn(log.log, {.keys = "hour weekday", .min_count = 1})),
            (std::vector<std::string>{"hour=0", "hour=12", "hour=23", "weekday=sunday", "weekday=thursday",
                                      "weekday=wednesday"}));
  // 13 hours ahead the Sunday noon is Monday, one o'clock at night.
  EXPECT_EQ(
      names(ContextVocabulary::learn(log.log, {.keys = "hour weekday", .min_count = 1, .utc_offset = 13})),
      (std::vector<std::string>{"hour=1", "hour=12", "hour=13", "weekday=monday", "weekday=thursday"}));
}

TEST(ContextVocabulary, WhatTheContextSaysStandsAboveTheTime) {
  Log log;
  log.add({{"hour", "7"}}, 1, 0);
  log.add({}, 1, 0);
  const ContextVocabulary vocabulary = ContextVocabulary::learn(log.log, {.keys = "hour", .min_count = 1});
  EXPECT_EQ(names(vocabulary), (std::vector<std::string>{"hour=0", "hour=7"}));
  EXPECT_EQ(vocabulary.values_of({{"hour", "7"}}, 0), std::vector<ContextId>{1});
  EXPECT_EQ(vocabulary.values_of({}, 0), std::vector<ContextId>{0});
  EXPECT_TRUE(vocabulary.values_of({}, std::nan("")).empty());
}

TEST(EventContexts, NumbersEqualContextsOnce) {
  Log log;
  log.add({{"device", "phone"}, {"noise", "1"}}, 2);
  log.add({{"device", "phone"}, {"noise", "2"}}, 1);
  log.add({}, 1);
  log.add({{"device", "desktop"}}, 3);
  const ContextVocabulary vocabulary = ContextVocabulary::learn(log.log, {.min_count = 3});
  const EventContexts contexts = event_contexts(log.log, vocabulary);
  ASSERT_NE(contexts.sets, nullptr);
  EXPECT_EQ(contexts.sets->size(), 2u);
  EXPECT_EQ(contexts.sets->values(), vocabulary.size());
  EXPECT_EQ(contexts.of_event, (std::vector<std::uint32_t>{0, 0, 0, ContextSets::kNone, 1, 1, 1}));
  EXPECT_EQ((*contexts.sets)[0].front(), *vocabulary.find("device", "phone"));
  EXPECT_TRUE((*contexts.sets)[ContextSets::kNone].empty());
}

TEST_F(ContextVocabularyFile, ReadsBackWhatItWrote) {
  Log log;
  log.add({{"place", "M\u00fcnchen \"Mitte\""}, {"device", "phone"}}, 2, 0);
  const ContextVocabulary vocabulary =
      ContextVocabulary::learn(log.log, {.keys = "place device hour", .min_count = 1, .utc_offset = 5.5});
  vocabulary.save(file_);
  const ContextVocabulary again = ContextVocabulary::open(file_);
  EXPECT_EQ(names(again), names(vocabulary));
  EXPECT_EQ(again.values_of({{"device", "phone"}}, 0), vocabulary.values_of({{"device", "phone"}}, 0));
  EXPECT_EQ(again.values_of({}, 0).size(), 1u) << "the offset of local time is lost";
}

TEST_F(ContextVocabularyFile, ADamagedFileIsNamed) {
  for (const char* text :
       {"", "[]", "{\"format\":\"other\",\"utc_offset\":0,\"values\":[]}",
        "{\"format\":\"segue-context-1\",\"utc_offset\":0,\"values\":[[\"a\",\"b\"],[\"a\",\"b\"]]}",
        "{\"format\":\"segue-context-1\",\"utc_offset\":0,\"values\":[[\"a\"]]}",
        "{\"format\":\"segue-context-1\",\"utc_offset\":0,\"values\":[[\"a\",3]]}",
        "{\"format\":\"segue-context-1\",\"utc_offset\":1e9,\"values\":[]}",
        "{\"format\":\"segue-context-1\",\"values\":[]}"}) {
    std::ofstream(file_) << text;
    try {
      ContextVocabulary::open(file_);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore) << text;
      EXPECT_NE(std::string(error.what()).find(file_.string()), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace segue::index
