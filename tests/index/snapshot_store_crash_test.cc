#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <functional>
#include <stdexcept>

#include "index/snapshot/durable_file.h"
#include "index/snapshot/snapshot_store.h"
#include "tests/index/snapshot_store_fixture.h"

namespace segue::index {
namespace {

namespace fs = std::filesystem;

/// Runs `action` in a process of its own that dies at the store's step number `last`, counted from 1. Returns
/// the name of the step, empty when the action ended before.
std::string die_at(SnapshotStore store, int last, const std::function<void(const SnapshotStore&)>& action) {
  int pipe[2];
  if (::pipe(pipe) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    int count = 0;
    store.on_step([&](std::string_view step) {
      if (++count < last) return;
      if (::write(pipe[1], step.data(), step.size()) < 0) ::_exit(2);
      ::kill(::getpid(), SIGKILL);
    });
    try {
      action(store);
    } catch (...) {
      ::_exit(3);
    }
    ::_exit(0);
  }
  ::close(pipe[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  char step[100];
  const ssize_t length = ::read(pipe[0], step, sizeof step);
  ::close(pipe[0]);
  if (WIFEXITED(status)) {
    EXPECT_EQ(WEXITSTATUS(status), 0);
    return "";
  }
  return {step, static_cast<std::size_t>(length)};
}

class Killed : public StoreTest {
 protected:
  /// A store with two snapshots, a copy of which each trial gets.
  Killed() {
    const SnapshotStore store = fresh_store();
    publish(store, "old");
    publish(store, "current");
    fs::rename(store.directory(), folder() / "template");
  }
  SnapshotStore trial() const {
    fs::remove_all(folder() / "store");
    fs::copy(folder() / "template", folder() / "store", fs::copy_options::recursive);
    return store();
  }
};

TEST_F(Killed, PublishLeavesTheOldSnapshotOrTheNew) {
  bool renamed = false;
  int steps = 0;
  while (true) {
    const SnapshotStore store = trial();
    const std::string old = store.current().value();
    const std::string step = die_at(store, steps + 1, [](const SnapshotStore& s) { publish(s, "new"); });
    if (step.empty()) break;
    ++steps;
    renamed = renamed || step == "CURRENT is renamed";
    const std::string id = store.current().value();
    EXPECT_EQ(id != old, renamed) << step;
    EXPECT_NO_THROW(store.verify(id)) << step;
    EXPECT_EQ(get(store.path_of(id) / "items.jsonl"), renamed ? "new" : "current") << step;
    for (const std::string& each : store.ids()) EXPECT_NO_THROW(store.verify(each)) << step;

    const std::string next = publish(store, "next");  // the lock is free, what was left is gone
    EXPECT_EQ(store.current(), next);
    EXPECT_TRUE(fs::is_empty(store.directory() / "staging")) << step;
  }
  EXPECT_EQ(steps, 9);
  EXPECT_TRUE(renamed);
}

TEST_F(Killed, RollbackLeavesTheOldSnapshotOrTheNew) {
  for (int steps = 0;; ++steps) {
    const SnapshotStore store = trial();
    const std::vector<std::string> ids = store.ids();
    const std::string step = die_at(store, steps + 1, [](const SnapshotStore& s) { s.rollback(); });
    if (step.empty()) {
      EXPECT_EQ(steps, 3);
      break;
    }
    const bool done = step != "CURRENT.new is written";
    EXPECT_EQ(store.current(), done ? ids[0] : ids[1]) << step;
    EXPECT_EQ(store.rollback(ids[1]), ids[1]);
  }
}

TEST_F(Killed, PruneLeavesWholeSnapshotsOnly) {
  for (int steps = 0;; ++steps) {
    const SnapshotStore store = trial();
    const std::string serving = store.current().value();
    const std::string step = die_at(store, steps + 1, [](const SnapshotStore& s) { s.prune(1); });
    if (step.empty()) {
      EXPECT_EQ(steps, 3);
      break;
    }
    EXPECT_EQ(store.ids(), std::vector<std::string>{serving}) << step;
    EXPECT_NO_THROW(store.verify(serving));
    publish(store, "next");
    EXPECT_TRUE(fs::is_empty(store.directory() / "staging")) << step;
  }
}

TEST_F(Killed, CreationLeavesAnEmptyStoreOrNone) {
  for (int steps = 0;; ++steps) {
    fs::remove_all(store().directory());
    const std::string step = die_at(store(), steps + 1, [](const SnapshotStore& s) { s.create_if_absent(); });
    if (step.empty()) {
      EXPECT_EQ(steps, 3);
      break;
    }
    EXPECT_EQ(store().current(), std::nullopt) << step;
    EXPECT_NO_THROW(publish(fresh_store(), "first")) << step;
  }
}

TEST_F(Killed, AFailingPublishLeavesNothingBehind) {
  for (int steps = 0;; ++steps) {
    SnapshotStore store = trial();
    const std::vector<std::string> ids = store.ids();
    int count = 0;
    bool renamed = false;
    store.on_step([&](std::string_view step) {
      renamed = renamed || step == "CURRENT is renamed";
      if (++count == steps + 1) throw std::runtime_error("disk");
    });
    try {
      publish(store, "new");
      break;
    } catch (const std::runtime_error&) {
      EXPECT_EQ(store.ids().size(), renamed ? 3u : 2u) << steps;
      EXPECT_EQ(store.current(), renamed ? store.ids().back() : ids[1]);
      EXPECT_NO_THROW(store.verify(*store.current()));
      EXPECT_TRUE(fs::is_empty(store.directory() / "staging"));
    }
  }
}

TEST_F(StoreTest, ReadersSeeNoneOfTheSwaps) {
  const SnapshotStore store = fresh_store();
  std::string last = publish(store, "a");
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      for (int i = 0; i < 30; ++i) {
        publish(store, std::to_string(i));
        store.prune(1);
      }
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int swaps = 0;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    const std::optional<std::string> id =
        store.current();  // throws when it sees anything between two snapshots
    ASSERT_TRUE(id && *id >= last);
    swaps += *id != last;
    last = *id;
    EXPECT_LE(store.list().size(), 3u);
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(swaps, 0);
}

// A limit on the size of files stands for a full disk: both make write(2) fail half way.
TEST_F(StoreTest, ServesOnWhenTheDiskIsFull) {
  const SnapshotStore store = fresh_store();
  const std::string id = publish(store, "a");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(1);
    try {
      store.publish(store.stage(), {});  // a manifest alone is longer than that
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::kResource && error.where().find("manifest.json") != std::string::npos
                  ? 4
                  : 2);
    }
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 4);
  EXPECT_EQ(store.current(), id);
  EXPECT_EQ(store.ids().size(), 1u);
  EXPECT_TRUE(fs::is_empty(store.directory() / "staging"));
}

TEST(DurableFile, SaysHowToMendAFullDisk) {
  DurableFile file("/dev/full");
  try {
    file.write("x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_EQ(error.where(), "/dev/full");
    EXPECT_EQ(error.mend(), "free some space on the disk");
  }
}

TEST_F(StoreTest, LetsOneWriterAtATimeStage) {
  const SnapshotStore store = fresh_store();
  publish(store, "a");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Staging staging = store.stage();
    put(staging.file("half"), "x");
    if (::write(ready[1], "x", 1) < 0) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const Error error = error_of([&] { store.stage(); });
  EXPECT_EQ(error.kind(), ErrorKind::kResource);
  EXPECT_NE(std::string(error.what()).find("another process (pid " + std::to_string(child) + ") is writing"),
            std::string::npos)
      << error.what();
  EXPECT_FALSE(fs::is_empty(store.directory() / "staging"));
  EXPECT_NO_THROW(store.rollback(store.ids()[0]));  // the pointer may move while another process builds

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  {
    const Staging staging = store.stage();
    EXPECT_FALSE(fs::exists(staging.directory() / "half"));
    EXPECT_NE(std::string(error_of([&] { store.stage(); }).what()).find("this process is already writing"),
              std::string::npos);
  }
  EXPECT_NO_THROW(store.stage());
}

}  // namespace
}  // namespace segue::index
