#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "index/text/postings.h"

namespace segue::index {

/// Keeps the postings that were used last, up to a number of bytes. Postings that users still hold live on
/// after they were dropped here. Thread-safe.
class PostingsCache {
 public:
  explicit PostingsCache(std::size_t capacity_bytes) : capacity_(capacity_bytes) {}

  /// nullptr when there are none for the key.
  SharedPostings find(std::string_view key);
  /// Keeps postings and drops the ones unused for longest until all fit. What alone does not fit is not kept.
  void insert(std::string_view key, SharedPostings postings);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    SharedPostings postings;
    std::size_t bytes;
  };

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;                                                 // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views into entries_
  std::size_t bytes_ = 0;
};

}  // namespace segue::index
