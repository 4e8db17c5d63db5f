#include "kernels/thread_pool.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace segue::kernels {

ThreadPool::ThreadPool(std::size_t threads) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 1; i < threads; ++i) {
    workers_.emplace_back([this] {
      std::unique_lock lock(mutex_);
      while (true) {
        wake_.wait(lock, [this] { return stop_ || next_ < blocks_; });
        if (stop_) return;
        lock.unlock();
        work();
        lock.lock();
      }
    });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(std::size_t blocks, const std::function<void(std::size_t)>& body) {
  {
    const std::lock_guard lock(mutex_);
    body_ = &body;
    next_ = 0;
    blocks_ = blocks;
    failure_ = nullptr;
  }
  wake_.notify_all();
  work();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0 && next_ >= blocks_; });
  blocks_ = 0;
  next_ = 0;
  body_ = nullptr;
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (next_ < blocks_) {
    const std::size_t block = next_++;
    ++busy_;
    const auto* body = body_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      (*body)(block);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --busy_;
    if (failure) {
      if (!failure_) failure_ = failure;
      next_ = blocks_;
    }
    if (busy_ == 0 && next_ >= blocks_) done_.notify_all();
  }
}

}  // namespace segue::kernels
