#include "kernels/thread_pool.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace segue::kernels {

ThreadPool::ThreadPool(std::size_t threads) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  try {
    for (std::size_t i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
  } catch (...) {  // no more threads to be had: those that run must end before their vector does
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::serve() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || next_ < blocks_; });
      if (stop_) return;
    }
    work();
  }
}

void ThreadPool::run(std::size_t blocks, const std::function<void(std::size_t)>& body) {
  {
    const std::lock_guard lock(mutex_);
    if (body_ != nullptr) throw std::logic_error("ThreadPool::run: another loop of this pool is under way");
    body_ = &body;
    next_ = 0;
    blocks_ = blocks;
  }
  if (blocks > 1) wake_.notify_all();
  work();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0 && next_ >= blocks_; });
  body_ = nullptr;
  next_ = 0;
  blocks_ = 0;
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (next_ < blocks_) {
    const std::size_t block = next_++;
    const auto& body = *body_;
    ++busy_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      body(block);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --busy_;
    if (failure) {
      if (!failure_) failure_ = std::move(failure);
      next_ = blocks_;  // nobody begins another block
    }
    if (busy_ == 0 && next_ >= blocks_) done_.notify_all();
  }
}

}  // namespace segue::kernels
