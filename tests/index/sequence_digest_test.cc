#include "index/reindex/sequence_digest.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

TEST(SequenceDigest, IsFnv1aOfKeyCountAndItem) {
  // The bytes of "" NUL "0" NUL "", by the definition of the hash.
  std::uint64_t expected = 0xcbf29ce484222325ull;
  for (const std::uint64_t byte : {0x00, 0x30, 0x00}) expected = (expected ^ byte) * 0x100000001b3ull;
  EXPECT_EQ(sequence_digest("", 0, ""), static_cast<std::int64_t>(expected));
}

TEST(SequenceDigest, TellsKeysCountsAndItemsApart) {
  const std::int64_t one = sequence_digest("s1", 2, "a");
  EXPECT_EQ(one, sequence_digest("s1", 2, "a"));
  EXPECT_NE(one, sequence_digest("s12", 2, "a"));
  EXPECT_NE(one, sequence_digest("s1", 22, "a"));
  EXPECT_NE(one, sequence_digest("s1", 2, "2a"));
  EXPECT_NE(sequence_digest("s", 1, "1"), sequence_digest("s1", 1, ""));
}

Catalogue catalogue_of(const std::vector<std::string>& ids) {
  std::vector<Item> items;
  for (const std::string& id : ids) {
    Item item;
    item.id = id;
    items.push_back(item);
  }
  return Catalogue(std::move(items));
}

/// Sequences "s" = a, typed text, b and "t" = b.
EventLog small_log() {
  EventLog log;
  for (const ItemId item : {ItemId{0}, kNoItem, ItemId{1}, ItemId{1}}) {
    LogEvent event;
    event.item = item;
    log.events.push_back(event);
  }
  log.sequences = {{0, 3, LogEvent::kNone, "s"}, {3, 4, LogEvent::kNone, "t"}};
  return log;
}

TEST(TrainedSequences, HoldEveryItemEventAndCountNoTypedText) {
  const Catalogue catalogue = catalogue_of({"a", "b"});
  const TrainedSequences trained = TrainedSequences::of(small_log(), catalogue);
  EXPECT_EQ(trained.size(), 3u);
  EXPECT_TRUE(trained.contains(sequence_digest("s", 1, "a")));
  EXPECT_TRUE(trained.contains(sequence_digest("s", 2, "b")));
  EXPECT_TRUE(trained.contains(sequence_digest("t", 1, "b")));
  EXPECT_FALSE(trained.contains(sequence_digest("s", 3, "b")));
  EXPECT_FALSE(trained.contains(sequence_digest("t", 1, "a")));
}

class TrainedSequencesFile : public testing::Test {
 protected:
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) / ("trained." + std::to_string(getpid()) + ".safetensors");
  ~TrainedSequencesFile() override { std::filesystem::remove(file_); }
};

TEST_F(TrainedSequencesFile, GivesBackWhatWasSaved) {
  const Catalogue catalogue = catalogue_of({"a", "b"});
  TrainedSequences::of(small_log(), catalogue).save(file_);
  const TrainedSequences opened = TrainedSequences::open(file_);
  EXPECT_EQ(opened.size(), 3u);
  EXPECT_TRUE(opened.contains(sequence_digest("s", 2, "b")));
  EXPECT_FALSE(opened.contains(sequence_digest("u", 1, "a")));
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
