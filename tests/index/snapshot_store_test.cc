#include "index/snapshot/snapshot_store.h"

#include <gtest/gtest.h>

#include <random>

#include "index/snapshot/file_tree.h"
#include "index/snapshot/snapshot_id.h"
#include "kernels/thread_pool.h"
#include "tests/index/snapshot_store_fixture.h"

namespace segue::index {
namespace {

namespace fs = std::filesystem;

TEST_F(StoreTest, ServesWhatWasPublishedLast) {
  const SnapshotStore store = fresh_store();
  EXPECT_EQ(store.current(), std::nullopt);
  EXPECT_TRUE(store.ids().empty());
  const std::string first = publish(store, "one");
  EXPECT_EQ(store.current(), first);
  const std::string second = publish(store, "two!");
  EXPECT_EQ(store.current(), second);
  EXPECT_EQ(store.ids(), (std::vector<std::string>{first, second}));
  EXPECT_EQ(get(store.path_of(second) / "items.jsonl"), "two!");
  EXPECT_EQ(get(store.directory() / "CURRENT"), second + "\n");
  const std::vector<SnapshotInfo> list = store.list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_FALSE(list[0].current);
  EXPECT_TRUE(list[1].current);
  EXPECT_EQ(list[1].items, 4u);
  EXPECT_EQ(list[1].problem, "");
  EXPECT_EQ(list[1].created, iso_time(snapshot_time(second)));
  EXPECT_TRUE(fs::is_empty(store.directory() / "staging"));
}

TEST_F(StoreTest, NamesSnapshotsByTimeAndContent) {
  const SnapshotStore store = fresh_store();
  const std::string first = publish(store, "same");
  const std::string second = publish(store, "same");  // within the same second
  EXPECT_LT(first, second);
  EXPECT_EQ(first.substr(17), second.substr(17));
  EXPECT_NE(publish(store, "other").substr(17), first.substr(17));
  EXPECT_EQ(first.substr(17), content_hash(store.open_manifest(first).files).substr(0, 8));
  EXPECT_TRUE(is_snapshot_id("20240229T235959Z-0123abcd"));
  for (const char* bad : {"", "none", "20240229T235959Z-0123abcg", "20240229T235959Z-0123abcd ",
                          "../20240229T235959Z-0123ab"}) {
    EXPECT_FALSE(is_snapshot_id(bad)) << bad;
  }
  EXPECT_EQ(make_snapshot_id(snapshot_time("20240229T235959Z-0123abcd"), "0123abcdef"),
            "20240229T235959Z-0123abcd");
}

TEST_F(StoreTest, RemovesAStagingThatIsNotPublished) {
  const SnapshotStore store = fresh_store();
  fs::path folder;
  {
    const Staging staging = store.stage();
    folder = staging.directory();
    put(staging.file("deep/er/file"), "x");
    EXPECT_TRUE(fs::exists(folder / "deep/er/file"));
  }
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_EQ(store.current(), std::nullopt);
}

TEST_F(StoreTest, RollsBackToTheOneBeforeOrTheOneNamed) {
  const SnapshotStore store = fresh_store();
  EXPECT_EQ(error_of([&] { store.rollback(); }).kind(), ErrorKind::kBadInput);
  const std::string a = publish(store, "a");
  const std::string b = publish(store, "b");
  const std::string c = publish(store, "c");
  EXPECT_EQ(store.rollback(), b);
  EXPECT_EQ(store.current(), b);
  EXPECT_EQ(store.rollback(), a);
  EXPECT_EQ(error_of([&] { store.rollback(); }).kind(), ErrorKind::kBadInput);
  EXPECT_EQ(store.rollback(c), c);
  EXPECT_EQ(error_of([&] { store.rollback("20240229T235959Z-0123abcd"); }).kind(), ErrorKind::kBadInput);
  EXPECT_EQ(error_of([&] { store.rollback("../store"); }).kind(), ErrorKind::kBadInput);
  put(store.path_of(a) / "items.jsonl", "A");
  EXPECT_EQ(error_of([&] { store.rollback(a); }).kind(), ErrorKind::kDamagedStore);
  EXPECT_EQ(store.current(), c);
}

TEST_F(StoreTest, PrunesTheOldestButNeverTheCurrent) {
  const SnapshotStore store = fresh_store();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(publish(store, std::to_string(i)));
  store.rollback(ids[1]);
  EXPECT_EQ(store.prune(2), (std::vector<std::string>{ids[0], ids[2]}));
  EXPECT_EQ(store.ids(), (std::vector<std::string>{ids[1], ids[3], ids[4]}));
  EXPECT_TRUE(store.prune(7).empty());
  EXPECT_EQ(store.prune(0), (std::vector<std::string>{ids[3], ids[4]}));
  EXPECT_EQ(store.current(), ids[1]);
  EXPECT_TRUE(fs::is_empty(store.directory() / "staging"));
  put(store.directory() / "CURRENT", "garbage\n");
  EXPECT_EQ(error_of([&] { store.prune(0); }).kind(), ErrorKind::kDamagedStore);
}

TEST_F(StoreTest, ComparesTwoSnapshots) {
  const SnapshotStore store = fresh_store();
  const std::string a = publish(store, "a");
  const std::string b = publish(store, "bb");
  const SnapshotDiff difference = store.diff(a, b);
  EXPECT_EQ(difference.items, (std::vector<Change<std::uint64_t>>{{"product", 1, 2}}));
  ASSERT_EQ(difference.files.size(), 2u);
  EXPECT_EQ(difference.files[0].name, "items.jsonl");
  EXPECT_EQ(difference.files[1].name, "models/mf.safetensors");
}

TEST_F(StoreTest, OpensWhereverItIsMovedTo) {
  const std::string id = publish(fresh_store(), "a");
  fs::rename(folder() / "store", folder() / "elsewhere");
  const SnapshotStore moved(folder() / "elsewhere");
  EXPECT_EQ(moved.current(), id);
  EXPECT_NO_THROW(moved.verify(id));
  EXPECT_NO_THROW(publish(moved, "b"));
}

// What reading a store on a read-only medium needs: no write at all, which also covers tests that run as
// root.
TEST_F(StoreTest, ReadsWithoutWriting) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "a");
  publish(store, "b");
  const auto state = [&] {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) {
      text += entry.path().string() + " " +
              std::to_string(entry.last_write_time().time_since_epoch().count()) + "\n";
    }
    return text;
  };
  const std::string before = state();
  kernels::ThreadPool pool(2);
  EXPECT_TRUE(store.current());
  EXPECT_EQ(store.list().size(), 2u);
  EXPECT_EQ(store.verify(id, &pool).id, id);
  EXPECT_EQ(state(), before);
}

TEST_F(StoreTest, SaysThatThereIsNoStore) {
  EXPECT_FALSE(store().exists());
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { store().current(); }, [&] { store().list(); }, [&] { store().stage(); },
           [&] { store().prune(1); }, [&] { store().rollback(); },
           [&] { store().verify("20240229T235959Z-0123abcd"); }}) {
    const Error error = error_of(action);
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_EQ(error.where(), store().directory().string());
  }
}

TEST_F(StoreTest, SaysHowToMendAPointerThatIsDamaged) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "a");
  const fs::path file = store.directory() / "CURRENT";
  const std::string good = get(file);
  std::vector<std::string> damages = {
      "", "\n", "garbage\n", id, id + "\r\n", id + "\n\n", "20240229T235959Z-0123abcd\n", "no"};
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      damages.push_back(good);
      damages.back()[i] = static_cast<char>(good[i] ^ (1 << bit));
    }
  }
  for (const std::string& damage : damages) {
    put(file, damage);
    const Error error = error_of([&] { store.current(); });
    ASSERT_EQ(error.kind(), ErrorKind::kDamagedStore) << damage;
    ASSERT_EQ(error.where(), file.string());
    ASSERT_NE(error.mend().find("rollback " + id), std::string::npos) << error.mend();
  }
  fs::remove(file);
  EXPECT_EQ(error_of([&] { store.current(); }).kind(), ErrorKind::kDamagedStore);
  EXPECT_EQ(store.list().size(), 1u);
  EXPECT_EQ(store.rollback(id), id);
  EXPECT_EQ(store.current(), id);
  fs::remove(file);
  const std::string second = publish(store, "b");  // a new snapshot mends it, too
  EXPECT_EQ(store.current(), second);
}

TEST_F(StoreTest, FindsEveryFlippedByteOfTheManifest) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "a");
  for (const char* name : {"manifest.json", "manifest.sha256"}) {
    const fs::path file = store.path_of(id) / name;
    const std::string good = get(file);
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
      put(file, bad);
      const Error error = error_of([&] { store.open_manifest(id); });
      ASSERT_EQ(error.kind(), ErrorKind::kDamagedStore);
      ASSERT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
    put(file, good);
  }
  EXPECT_NO_THROW(store.verify(id));
}

TEST_F(StoreTest, FindsAnyDamageAndNamesTheFile) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "some content");
  const fs::path snapshot = store.path_of(id);
  const std::vector<std::string> files = files_below(snapshot);
  ASSERT_EQ(files.size(), 6u);
  std::mt19937 random(11);
  kernels::ThreadPool pool(2);
  for (int round = 0; round < 300; ++round) {
    std::string name = files[random() % files.size()];
    const std::string good = get(snapshot / name);
    std::string bad = good;
    switch (good.empty() ? 3 + random() % 3 : random() % 6) {
      case 0:
      case 1:
        bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        bad.resize(random() % bad.size());
        break;
      case 3:
        bad += '\0';
        break;
      case 4:
        name += ".extra";
        break;
      default:
        break;
    }
    if (bad == good && name.find(".extra") == std::string::npos) {
      fs::remove(snapshot / name);
    } else {
      put(snapshot / name, bad);
    }
    const Error error = error_of([&] { store.verify(id, round % 2 == 0 ? &pool : nullptr); });
    ASSERT_EQ(error.kind(), ErrorKind::kDamagedStore) << error.what();
    ASSERT_NE(std::string(error.what()).find(name), std::string::npos)
        << error.what() << " instead of " << name;
    fs::remove(snapshot / name);
    if (name.find(".extra") == std::string::npos) put(snapshot / name, good);
  }
  EXPECT_NO_THROW(store.verify(id));
}

TEST_F(StoreTest, RefusesASnapshotUnderAnotherName) {
  const SnapshotStore store = fresh_store();
  const fs::path snapshots = store.path_of(publish(store, "a")).parent_path();
  fs::rename(snapshots / store.ids()[0], snapshots / "20240229T235959Z-0123abcd");
  EXPECT_EQ(error_of([&] { store.verify("20240229T235959Z-0123abcd"); }).kind(), ErrorKind::kDamagedStore);
  EXPECT_NE(store.list().at(0).problem, "");
}

TEST_F(StoreTest, RefusesLinksInPlaceOfFiles) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "a");
  fs::rename(store.path_of(id) / "items.jsonl", folder() / "items.jsonl");
  fs::create_symlink(folder() / "items.jsonl", store.path_of(id) / "items.jsonl");
  const Error error = error_of([&] { store.verify(id); });
  EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
  EXPECT_NE(std::string(error.what()).find("items.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace segue::index
