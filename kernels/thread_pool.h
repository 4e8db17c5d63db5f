#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace segue::kernels {

/// A fixed set of worker threads for loops whose iterations do not depend on each other.
///
/// Thread-compatible: one loop at a time, which std::logic_error enforces; the calling thread works too.
/// Results that must not depend on timing are written per block, since block b of n is always the same range,
/// whichever thread takes it.
class ThreadPool {
 public:
  /// threads counts the calling thread; 0 means one per processor.
  explicit ThreadPool(std::size_t threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const noexcept { return workers_.size() + 1; }

  /// Calls body(block) for each block in [0, blocks), in any order, on all threads; returns when all are
  /// done. The first exception of a block is thrown again here, after the blocks that had begun have ended.
  void run(std::size_t blocks, const std::function<void(std::size_t)>& body);

 private:
  /// A worker's life: sleeps until there are blocks, helps, sleeps again.
  void serve();
  /// Takes blocks until none is left.
  void work();
  void stop() noexcept;

  std::vector<std::thread> workers_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable wake_;
  std::condition_variable done_;
  const std::function<void(std::size_t)>* body_ = nullptr;  // null between loops
  std::size_t next_ = 0;                                    // the first block that nobody has taken
  std::size_t blocks_ = 0;  // 0 between loops, so that a worker that wakes late sleeps again
  std::size_t busy_ = 0;    // blocks that have begun and not ended
  std::exception_ptr failure_;
  bool stop_ = false;
};

}  // namespace segue::kernels
