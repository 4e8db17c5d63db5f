#include "index/reindex/sequence_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::ElementsAre;

Catalogue two_items() {
  std::vector<Item> items(2);
  items[0].id = "a";
  items[1].id = "b";
  return Catalogue(std::move(items));
}
constexpr ItemId kA = 0;
constexpr ItemId kB = 1;

/// A log of one sequence after the other; an event is {item, time}.
class LogBuilder {
 public:
  LogBuilder& sequence(const std::string& key, const std::vector<std::pair<ItemId, double>>& events,
                       const std::string& user = "") {
    Sequence added;
    added.key = key;
    added.begin = log_.events.size();
    for (const auto& [item, time] : events) {
      LogEvent event;
      event.item = item;
      event.time = time;
      log_.events.push_back(event);
    }
    added.end = log_.events.size();
    if (!user.empty()) {
      added.user = static_cast<std::uint32_t>(log_.users.size());
      log_.users.push_back(user);
    }
    log_.sequences.push_back(added);
    return *this;
  }
  const EventLog& log() const { return log_; }

 private:
  EventLog log_;
};

constexpr double kNoTime = std::numeric_limits<double>::quiet_NaN();

std::vector<std::int64_t> digests_of(const LogBuilder& builder, std::size_t sequence = 0) {
  static const Catalogue catalogue = two_items();
  return event_digests(builder.log(), builder.log().sequences[sequence], catalogue);
}

TEST(EventDigests, AreFnv1aOfOwnerTimeItemAndNumber) {
  std::uint64_t expected = 0xcbf29ce484222325ull;
  for (const char byte : std::string("s\0"
                                     "7.5\0"
                                     "a\0"
                                     "0",
                                     9)) {
    expected = (expected ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ull;
  }
  EXPECT_THAT(digests_of(LogBuilder().sequence("s", {{kA, 7.5}})),
              ElementsAre(static_cast<std::int64_t>(expected)));
}

TEST(EventDigests, TellOwnersTimesItemsAndRepeatsApart) {
  const LogBuilder log =
      LogBuilder()
          .sequence("s", {{kA, 1}, {kA, 1}, {kA, 2}, {kB, 1}, {kA, kNoTime}, {kA, kNoTime}})
          .sequence("t", {{kA, 1}});
  std::vector<std::int64_t> all = digests_of(log, 0);
  all.push_back(digests_of(log, 1).front());
  EXPECT_EQ(std::set<std::int64_t>(all.begin(), all.end()).size(), 7u);
}

TEST(EventDigests, OfAHistoryDoNotDependOnWhereItIsCut) {
  const LogBuilder whole = LogBuilder().sequence("u", {{kA, 1}, {kB, 9000}}, "u");
  const LogBuilder cut = LogBuilder().sequence("u#1", {{kA, 1}}, "u").sequence("u#2", {{kB, 9000}}, "u");
  EXPECT_EQ(digests_of(whole)[0], digests_of(cut, 0)[0]);
  EXPECT_EQ(digests_of(whole)[1], digests_of(cut, 1)[0]);
}

TEST(EventDigests, OfANamedSessionAreNotThoseOfItsUsersOtherSessions) {
  const LogBuilder log = LogBuilder().sequence("u#x", {{kA, 1}}, "u").sequence("u7", {{kA, 1}}, "u");
  EXPECT_NE(digests_of(log, 0), digests_of(log, 1));
  EXPECT_NE(digests_of(log, 0), digests_of(LogBuilder().sequence("u", {{kA, 1}}, "u")));
}

TEST(EventDigests, OfAHeldBackRepeatDifferFromThoseBeforeIt) {
  const LogBuilder train = LogBuilder().sequence("s", {{kA, 1}, {kA, 1}});
  const LogBuilder test = LogBuilder().sequence("s", {{kA, 1}, {kA, 1}, {kA, 1}});
  const TrainedSequences trained = TrainedSequences::of(train.log(), two_items());
  EXPECT_TRUE(trained.contains(digests_of(test)[1]));
  EXPECT_FALSE(trained.contains(digests_of(test)[2]));
}

TEST(TrainedSequences, HoldEveryItemEventAndNoTypedText) {
  const LogBuilder log =
      LogBuilder().sequence("s", {{kA, 1}, {kNoItem, 2}, {kB, 3}}).sequence("t", {{kB, 4}});
  const TrainedSequences trained = TrainedSequences::of(log.log(), two_items());
  EXPECT_EQ(trained.size(), 3u);
  for (const std::size_t s : {0u, 1u})
    for (const std::int64_t digest : digests_of(log, s)) EXPECT_TRUE(trained.contains(digest));
  EXPECT_FALSE(trained.contains(digests_of(LogBuilder().sequence("s", {{kB, 1}}))[0]));
}

class TrainedSequencesFile : public testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("trained." + std::to_string(getpid()) + ".safetensors");
  ~TrainedSequencesFile() override { std::filesystem::remove(file_); }
};

TEST_F(TrainedSequencesFile, GivesBackWhatWasSaved) {
  const LogBuilder log = LogBuilder().sequence("s", {{kA, 1}, {kB, 2}});
  TrainedSequences::of(log.log(), two_items()).save(file_);
  const TrainedSequences opened = TrainedSequences::open(file_);
  EXPECT_EQ(opened.size(), 2u);
  EXPECT_TRUE(opened.contains(digests_of(log)[1]));
  EXPECT_FALSE(opened.contains(digests_of(LogBuilder().sequence("u", {{kA, 1}}))[0]));
}

TEST_F(TrainedSequencesFile, IsRefusedWhenItsListDoesNotRise) {
  SafetensorsWriter writer;
  const std::vector<std::int64_t> digests = {2, 1};
  writer.add("digests", {2}, digests);
  writer.write(file_);
  try {
    TrainedSequences::open(file_);
    FAIL() << "an unsorted list was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
    EXPECT_NE(std::string(error.what()).find(file_.string()), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace segue::index
