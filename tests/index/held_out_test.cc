#include "index/reindex/held_out.h"

#include <gtest/gtest.h>

namespace segue::index {
namespace {

/// Items a, b, c, d and the query q; rows are in the order of their ids.
Catalogue five_items() {
  std::vector<Item> items(5);
  const char* ids[] = {"a", "b", "c", "d", "q"};
  for (std::size_t i = 0; i < 5; ++i) items[i].id = ids[i];
  items[4].kind = std::string(kQueryKind);
  items[4].title = "lamp";
  return Catalogue(std::move(items));
}

EventLog log_of(const std::vector<std::vector<ItemId>>& sequences) {
  EventLog log;
  for (const auto& items : sequences) {
    Sequence sequence;
    sequence.begin = log.events.size();
    for (const ItemId item : items) {
      LogEvent event;
      event.item = item;
      if (item == kNoItem) event.query = 0;
      log.events.push_back(event);
    }
    sequence.end = log.events.size();
    sequence.key = std::to_string(log.sequences.size());
    log.sequences.push_back(sequence);
  }
  log.queries = {"typed"};
  return log;
}

TEST(HoldBack, TakesTheLastSearchableItemOfSequencesOfThreeOrMore) {
  const Catalogue catalogue = five_items();
  const ValidationSplit split =
      hold_back(log_of({{0, 1, 2}, {0, 1}, {3, 2, 4}, {4, 4, 4}, {2, kNoItem, 1, 0}}), catalogue, 100, 1);
  ASSERT_EQ(split.held_out.size(), 3u);
  EXPECT_EQ(split.held_out[0].prefix, (std::vector<ItemId>{0, 1}));
  EXPECT_EQ(split.held_out[0].target, 2u);
  EXPECT_EQ(split.held_out[1].prefix,
            (std::vector<ItemId>{3}));  // the query after the target is in neither part
  EXPECT_EQ(split.held_out[1].target, 2u);
  EXPECT_EQ(split.held_out[2].prefix, (std::vector<ItemId>{2, 1}));
  EXPECT_EQ(split.held_out[2].target, 0u);
  EXPECT_EQ(split.train.sequences(), 5u);
  EXPECT_EQ(split.train.items, (std::vector<ItemId>{0, 1, 0, 1, 3, 4, 4, 4, 2, 1}));
}

TEST(HoldBack, SamplesEvenlyAndTheSameForASeed) {
  const Catalogue catalogue = five_items();
  const EventLog log = log_of(std::vector<std::vector<ItemId>>(50, {0, 1, 2}));
  const ValidationSplit split = hold_back(log, catalogue, 10, 3);
  EXPECT_EQ(split.held_out.size(), 10u);
  EXPECT_EQ(split.train.items.size(), 150u - 10u);
  EXPECT_EQ(hold_back(log, catalogue, 10, 3).train.offsets, split.train.offsets);
  EXPECT_NE(hold_back(log, catalogue, 10, 4).train.offsets, split.train.offsets);
}

TEST(AllEvents, LeavesOutTextsAndEventsWithoutWeight) {
  EventLog log = log_of({{0, kNoItem, 1}, {2}});
  log.events[2].weight = 0;
  const TrainingData data = all_events(log, 5);
  EXPECT_EQ(data.items, (std::vector<ItemId>{0, 2}));
  EXPECT_EQ(data.item_count, 5u);
}

TEST(HoldBack, TheRequestIsInTheContextOfTheTarget) {
  EventLog log = log_of({{0, kNoItem, 1, 2}, {3}});
  log.contexts = {{{"page", "home"}}, {{"page", "deals"}}};
  for (const std::size_t e : {0, 2}) log.events[e].context = 0;
  log.events[3].context = 1;
  log.events[0].time = 100;
  const EventContexts contexts =
      event_contexts(log, ContextVocabulary::learn(log, {.keys = "auto", .min_count = 1}));
  const ValidationSplit split = hold_back(log, five_items(), 10, 1, contexts);
  ASSERT_EQ(split.held_out.size(), 1u);
  const SessionView view = split.held_out[0].view();
  ASSERT_EQ(view.request_context().size(), 1u);
  EXPECT_EQ(view.request_context()[0], 0u);  // page=deals comes before page=home
  ASSERT_EQ(view.contexts.size(), 2u);
  EXPECT_EQ(view.context_of(1)[0], 1u);
  ASSERT_EQ(split.train.contexts.size(), split.train.items.size());
  EXPECT_EQ(split.train.contexts[2], ContextSets::kNone);
  ASSERT_EQ(split.train.times.size(), split.train.items.size());
  EXPECT_EQ(split.train.times[0], 100);
  const TrainingData all = all_events(log, 5, contexts);
  EXPECT_EQ(all.contexts.size(), 4u);
  EXPECT_EQ(all.sets->values(), 2u);
}

TEST(AllEvents, WhatIsNowhereKnownIsNoList) {
  const TrainingData data = all_events(log_of({{0, 1}, {2}}), 5);
  EXPECT_TRUE(data.times.empty());
  EXPECT_TRUE(data.contexts.empty());
  EXPECT_EQ(data.sets, nullptr);
}

TEST(HoldBack, CopesWithAnEmptyLog) {
  EXPECT_TRUE(hold_back(EventLog(), five_items(), 10, 1).held_out.empty());
  EXPECT_EQ(all_events(EventLog(), 5).sequences(), 0u);
}

}  // namespace
}  // namespace segue::index
