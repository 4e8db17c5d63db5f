#include "kernels/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace segue::kernels {
namespace {

TEST(ThreadPool, RunsEachBlockOnce) {
  for (const std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (const std::size_t blocks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(blocks);
      pool.run(blocks, [&](std::size_t block) { ++runs[block]; });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, HasAtLeastTheCallingThread) {
  EXPECT_GE(ThreadPool().size(), 1u);
}

TEST(ThreadPool, WorksOnTheCallingThreadAloneWhenItIsAlone) {
  ThreadPool pool(1);
  pool.run(20, [caller = std::this_thread::get_id()](std::size_t) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(ThreadPool, WorksOnAllItsThreadsAtOnce) {
  // Each block waits for the others: one thread missing and the loop would not end before the deadline.
  ThreadPool pool(4);
  std::atomic<int> arrived = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  pool.run(4, [&](std::size_t) {
    ++arrived;
    while (arrived < 4 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 4);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(ThreadPool, ShowsTheCallerWhatTheBlocksWrote) {
  ThreadPool pool(4);
  std::vector<std::size_t> plain(5000);  // not atomic: the return of run must order the writes
  for (std::size_t round = 1; round <= 20; ++round) {
    pool.run(plain.size(), [&](std::size_t block) { plain[block] += block; });
    for (std::size_t i = 0; i < plain.size(); i += 97) ASSERT_EQ(plain[i], round * i);
  }
}

TEST(ThreadPool, ThrowsTheFirstExceptionAgainAndServesOn) {
  for (const std::size_t threads : {1, 4}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> begun = 0;
      std::atomic<int> ended = 0;
      const auto body = [&](std::size_t block) {
        ++begun;
        if (block == 3) {
          ++ended;
          throw std::runtime_error("block 3");
        }
        ++ended;
      };
      EXPECT_THROW(pool.run(100'000, body), std::runtime_error);
      EXPECT_EQ(begun, ended) << "run returned before the blocks that had begun";
      EXPECT_LT(begun, 100'000) << "blocks began after the failure";
      std::atomic<int> after = 0;
      pool.run(10, [&](std::size_t) { ++after; });
      EXPECT_EQ(after, 10);
    }
  }
}

TEST(ThreadPool, RefusesALoopInsideALoop) {
  for (const std::size_t threads : {1, 3}) {
    ThreadPool pool(threads);
    EXPECT_THROW(pool.run(2, [&](std::size_t) { pool.run(1, [](std::size_t) {}); }), std::logic_error);
    std::atomic<int> after = 0;
    pool.run(5, [&](std::size_t) { ++after; });
    EXPECT_EQ(after, 5);
  }
}

TEST(ThreadPool, SurvivesManyShortLoops) {
  // A worker that wakes late finds the next loop, or none; it must never run a body that is gone.
  ThreadPool pool(4);
  for (std::size_t round = 0; round < 20'000; ++round) {
    std::atomic<std::size_t> sum = 0;
    const std::size_t blocks = round % 5;
    pool.run(blocks, [&sum, round](std::size_t block) { sum += round + block; });
    ASSERT_EQ(sum, blocks * round + blocks * (blocks - 1) / 2 * (blocks > 0)) << round;
  }
}

TEST(ThreadPool, EndsWhetherOrNotItEverWorked) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool idle(3);
    ThreadPool busy(3);
    busy.run(2, [](std::size_t) {});
  }
}

}  // namespace
}  // namespace segue::kernels
