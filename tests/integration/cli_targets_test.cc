#include "integration/jobs/targets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace segue::integration {
namespace {

using index::ItemId;
using index::kNoItem;

/// Items a, b, c, d and the query q.
index::Catalogue catalogue() {
  std::vector<index::Item> items;
  for (const char* id : {"a", "b", "c", "d", "q"}) {
    index::Item item;
    item.id = id;
    if (item.id == "q") item.kind = std::string(index::kQueryKind);
    items.push_back(item);
  }
  return index::Catalogue(std::move(items));
}
constexpr ItemId kA = 0, kB = 1, kC = 2, kD = 3, kQ = 4;

class LogOf {
 public:
  LogOf& sequence(const std::string& key, const std::vector<ItemId>& items,
                  const std::vector<std::size_t>& marked = {}) {
    index::Sequence added;
    added.key = key;
    added.begin = log_.events.size();
    for (const ItemId item : items) {
      index::LogEvent event;
      event.item = item;
      log_.events.push_back(event);
    }
    for (const std::size_t position : marked) log_.events[added.begin + position].target = log_.marked = true;
    added.end = log_.events.size();
    log_.sequences.push_back(added);
    return *this;
  }
  Targets targets(Protocol protocol, const index::TrainedSequences* trained = nullptr) const {
    return find_targets(log_, catalogue(), protocol, trained);
  }
  const index::EventLog& log() const { return log_; }
  void set_weight(std::size_t event, float weight) { log_.events[event].weight = weight; }
  void set_marked() { log_.marked = true; }
  void set_touched(std::size_t event, double time) { log_.events[event].touched = time; }
  void set_times(const std::vector<double>& times) {
    for (std::size_t e = 0; e < times.size(); ++e) log_.events[e].time = times[e];
  }

 private:
  index::EventLog log_;
};

TEST(LeaveOneOut, PredictsTheLastEventOfEachSequenceOfAtLeastThree) {
  const Targets targets =
      LogOf().sequence("s", {kA, kB, kC}).sequence("t", {kA, kB}).targets(Protocol::kLeaveOneOut);
  ASSERT_EQ(targets.held_out.size(), 1u);
  EXPECT_EQ(targets.held_out[0].prefix, (std::vector<ItemId>{kA, kB}));
  EXPECT_EQ(targets.held_out[0].target, kC);
}

TEST(LeaveOneOut, KnowsTheTimesOfTheEventsBefore) {
  LogOf log;
  log.sequence("s", {kA, kNoItem, kB, kC});
  log.set_times({10, 20, 30, 40});
  const index::HeldOut one = log.targets(Protocol::kLeaveOneOut).held_out[0];
  EXPECT_EQ(one.times, (std::vector<double>{10, 30}));
  EXPECT_EQ(one.time, 40);
}

TEST(LeaveOneOut, PredictsNoQueryButUsesItAsAnEvent) {
  const Targets targets =
      LogOf().sequence("s", {kA, kQ, kB, kNoItem, kC, kQ}).targets(Protocol::kLeaveOneOut);
  ASSERT_EQ(targets.held_out.size(), 1u);
  EXPECT_EQ(targets.held_out[0].prefix, (std::vector<ItemId>{kA, kQ, kB}));
  EXPECT_EQ(targets.held_out[0].target, kC);
}

TEST(LeaveOneOut, PredictsTheMarkedEventsAloneWhereThereAreMarks) {
  const Targets targets =
      LogOf().sequence("s", {kA, kB, kC}).sequence("t", {kA, kB}, {1}).targets(Protocol::kLeaveOneOut);
  ASSERT_EQ(targets.held_out.size(), 1u);
  EXPECT_EQ(targets.held_out[0].prefix, (std::vector<ItemId>{kA}));
  EXPECT_EQ(targets.held_out[0].target, kB);
  EXPECT_EQ(targets.not_ranked, 0u);
}

TEST(LeaveOneOut, CountsMarkedEventsThatCannotBeRanked) {
  const Targets targets = LogOf().sequence("s", {kA, kB, kQ}, {0, 2}).targets(Protocol::kLeaveOneOut);
  EXPECT_TRUE(targets.held_out.empty());
  EXPECT_EQ(targets.not_ranked, 2u);
}

TEST(LeaveOneOut, LeavesOutEventsWithoutWeightAsTrainingDoes) {
  LogOf log;
  log.sequence("s", {kA, kD, kB, kC, kD});
  log.set_weight(1, 0);
  log.set_weight(4, 0);
  const Targets targets = log.targets(Protocol::kLeaveOneOut);
  ASSERT_EQ(targets.held_out.size(), 1u);
  EXPECT_EQ(targets.held_out[0].prefix, (std::vector<ItemId>{kA, kB}));
  EXPECT_EQ(targets.held_out[0].target, kC);
  const auto trained = index::TrainedSequences::of(log.log(), catalogue());
  EXPECT_EQ(log.targets(Protocol::kLeaveOneOut, &trained).trained, 1u);
  log.set_weight(3, 0);
  EXPECT_TRUE(log.targets(Protocol::kLeaveOneOut).held_out.empty()) << "two are left";

  LogOf marked;
  marked.sequence("s", {kA, kB, kC}, {1, 2});
  marked.set_weight(2, 0);
  EXPECT_EQ(marked.targets(Protocol::kLeaveOneOut).held_out.size(), 1u);
  EXPECT_EQ(marked.targets(Protocol::kLeaveOneOut).not_ranked, 1u);
}

TEST(LeaveOneOut, PredictsNothingElseWhereTheMarkedEventsAreGone) {
  LogOf log;
  log.sequence("s", {kA, kB, kC});
  log.set_marked();
  EXPECT_TRUE(log.targets(Protocol::kLeaveOneOut).held_out.empty());
}

TEST(LeaveOneOut, AsksAtTheTimeOfTheEventAndKnowsWhenOthersWereLastTouched) {
  LogOf log;
  log.sequence("s", {kA, kB, kC});
  log.set_times({10, 20, 30});
  const auto trained = index::TrainedSequences::of(log.log(), catalogue());
  log.set_touched(1, 25);
  log.set_touched(2, 99);
  const Targets targets = log.targets(Protocol::kLeaveOneOut, &trained);
  EXPECT_EQ(targets.held_out[0].times, (std::vector<double>{10, 25}));
  EXPECT_EQ(targets.held_out[0].time, 30);
  EXPECT_EQ(targets.trained, 1u) << "a repeat makes no new event of it";
}

TEST(NextEvent, PredictsEveryEventButTheFirst) {
  const Targets targets = LogOf().sequence("s", {kA, kB, kC, kD}).targets(Protocol::kNextEvent);
  ASSERT_EQ(targets.held_out.size(), 3u);
  EXPECT_EQ(targets.held_out[2].prefix, (std::vector<ItemId>{kA, kB, kC}));
  EXPECT_EQ(targets.held_out[2].target, kD);
}

TEST(NextEvent, PredictsTheMarkedEventsAloneWhereThereAreMarks) {
  const Targets targets = LogOf().sequence("s", {kA, kB, kC, kD}, {2, 3}).targets(Protocol::kNextEvent);
  ASSERT_EQ(targets.held_out.size(), 2u);
  EXPECT_EQ(targets.held_out[0].target, kC);
}

TEST(ColdItems, PredictsNothingWithoutMarks) {
  EXPECT_TRUE(LogOf().sequence("s", {kA, kB, kC}).targets(Protocol::kColdItems).held_out.empty());
  EXPECT_EQ(LogOf().sequence("s", {kA, kB, kC}, {1, 2}).targets(Protocol::kColdItems).held_out.size(), 2u);
}

TEST(Targets, CountEventsThatModelsWereTrainedOn) {
  const LogOf whole = LogOf().sequence("s", {kA, kB, kC}).sequence("t", {kB, kC, kD});
  const LogOf train = LogOf().sequence("s", {kA, kB, kC}).sequence("t", {kB, kC});
  const auto trained_on_all = index::TrainedSequences::of(whole.log(), catalogue());
  const auto trained_on_part = index::TrainedSequences::of(train.log(), catalogue());
  EXPECT_EQ(whole.targets(Protocol::kLeaveOneOut, &trained_on_all).trained, 2u);
  EXPECT_EQ(whole.targets(Protocol::kLeaveOneOut, &trained_on_part).trained, 1u);
  EXPECT_EQ(whole.targets(Protocol::kLeaveOneOut).trained, 0u);
}

}  // namespace
}  // namespace segue::integration
