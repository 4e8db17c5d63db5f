// What happens to a store when things go wrong: killed writers, damaged files, a second writer, Ctrl-C.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "kernels/backend.h"
#include "tests/support/program.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// A shop whose reindex takes about a second, and the arguments that run it.
class StoreSurvives : public testing::Test {
 protected:
  StoreSurvives() : shop_(2500) {}

  /// Arguments of a reindex that takes about a second for 20 epochs.
  std::vector<std::string> reindex(int seed, int epochs = 20) const {
    const fs::path config = shop_.folder.path() / ("epochs-" + std::to_string(epochs) + ".toml");
    std::ofstream(config)
        << "[mf]\nfactors = 8\niterations = 3\n[transformer]\nwidth = 16\nfeed_forward = 16\nwindow = 8\n"
           "negatives = 64\npatience = 0\nepochs = "
        << epochs << "\n[evaluation]\nmax_sequences = 200\n";
    return {"reindex",
            "--items",
            shop_.items.string(),
            "--events",
            shop_.events.string(),
            "--store",
            shop_.store.string(),
            "--config",
            config.string(),
            "--seed",
            std::to_string(seed),
            "--force"};
  }
  std::string current() const { return *index::SnapshotStore(shop_.store).current(); }
  void expect_opens(const std::string& id) const {
    const auto backend = kernels::make_backend(kernels::Device::kCpu);
    const auto snapshot = index::Snapshot::open(index::SnapshotStore(shop_.store), id, *backend);
    EXPECT_EQ(snapshot->id(), id);
  }

  tests::SmallShop shop_;
};

TEST_F(StoreSurvives, KillAtFiftyRandomMomentsOpensAtTheOldOrTheNewSnapshot) {
  const auto start = Clock::now();
  ASSERT_EQ(tests::run_segue(reindex(0)).status, 0);
  const std::chrono::duration<double> whole = Clock::now() - start;
  std::mt19937 random(7);
  std::string old = current();
  int published = 0;
  for (int round = 1; round <= 50; ++round) {
    const pid_t pid = tests::start_segue(reindex(round));
    // Half of the moments fall into the last fifth of the run, where files are written and published.
    const double u = std::uniform_real_distribution<double>(0, 1)(random);
    const double share = round % 2 == 0 ? u : 0.8 + 0.3 * u;
    std::this_thread::sleep_for(whole * share);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    const std::string now = current();
    ASSERT_NO_THROW(expect_opens(now)) << "round " << round;
    if (now != old) ++published;
    old = now;
  }
  RecordProperty("published", published);
  const tests::ProgramResult after = tests::run_segue(reindex(99));
  EXPECT_EQ(after.status, 0) << after.err;
  const fs::path staging = shop_.store / "staging";
  EXPECT_TRUE(!fs::exists(staging) || fs::is_empty(staging)) << "what killed writers left is swept";
}

TEST_F(StoreSurvives, TwoHundredDamagesEndWithStatusThreeAndTheFilesName) {
  ASSERT_EQ(tests::run_segue(reindex(0)).status, 0);
  const fs::path snapshot = shop_.store / "snapshots" / current();
  std::vector<fs::path> files = {shop_.store / "CURRENT"};
  for (const auto& entry : fs::recursive_directory_iterator(snapshot)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::mt19937 random(11);
  std::set<fs::path> touched;
  for (int round = 0; round < 200; ++round) {
    const fs::path& file = files[static_cast<std::size_t>(round) % files.size()];
    const fs::path saved = shop_.folder.path() / "saved";
    fs::copy_file(file, saved, fs::copy_options::overwrite_existing);
    const std::uintmax_t size = fs::file_size(file);
    const int kind = size == 0 ? 2 : static_cast<int>(random() % 3);
    if (kind == 0) {  // one bit
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto at = static_cast<std::streamoff>(random() % size);
      bytes.seekg(at);
      const char byte = static_cast<char>(bytes.get() ^ (1 << random() % 8));
      bytes.seekp(at);
      bytes.put(byte);
    } else if (kind == 1) {
      fs::resize_file(file, random() % size);
    } else {
      fs::remove(file);
    }
    const tests::ProgramResult result = tests::run_segue({"search", "--store", shop_.store.string(), "lamp"});
    EXPECT_EQ(result.status, 3) << file << " kind " << kind << "\n" << result.err;
    EXPECT_NE(result.err.find(file.filename().string()), std::string::npos)
        << file << " kind " << kind << "\n"
        << result.err;
    touched.insert(file);
    fs::remove(file);
    fs::copy_file(saved, file);
  }
  EXPECT_EQ(touched.size(), std::min<std::size_t>(files.size(), 200));
  EXPECT_EQ(tests::run_segue({"search", "--store", shop_.store.string(), "lamp"}).status, 0);
}

TEST_F(StoreSurvives, InterruptLeavesTheStoreAsItWas) {
  ASSERT_EQ(tests::run_segue(reindex(0)).status, 0);
  const std::string before = current();
  const pid_t pid = tests::start_segue(reindex(1, 10'000));  // would take minutes
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(current(), before);
  EXPECT_TRUE(!fs::exists(shop_.store / "staging") || fs::is_empty(shop_.store / "staging"));
}

TEST_F(StoreSurvives, ASecondWriterEndsAtOnceWithStatusFour) {
  ASSERT_EQ(tests::run_segue(reindex(0)).status, 0);
  const index::SnapshotStore store(shop_.store);
  const index::Staging held = store.stage();
  const tests::ProgramResult second = tests::run_segue(reindex(1));
  EXPECT_EQ(second.status, 4);
  EXPECT_NE(second.err.find(std::to_string(getpid())), std::string::npos) << second.err;
}

}  // namespace
}  // namespace segue
