#include "index/text/postings_cache.h"

#include <utility>

namespace segue::index {

SharedPostings PostingsCache::find(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->postings;
}

void PostingsCache::insert(std::string_view key, SharedPostings postings) {
  // List node, map node and key beside the arrays.
  const std::size_t bytes = postings->bytes() + key.size() + 128;
  if (bytes > capacity_) return;
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;  // another thread decoded the same term
  while (bytes_ + bytes > capacity_) {
    const Entry& last = entries_.back();
    by_key_.erase(last.key);
    bytes_ -= last.bytes;
    entries_.pop_back();
  }
  entries_.push_front({std::string(key), std::move(postings), bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
}

std::size_t PostingsCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace segue::index
