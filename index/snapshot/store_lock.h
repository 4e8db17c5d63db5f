#pragma once

#include <chrono>
#include <filesystem>

namespace segue::index {

/// An exclusive lock on a file, between processes and within one: flock(2) on a descriptor of its own. The
/// kernel frees it when the process ends, however it ends; the file stays and holds the owner's process
/// number for messages. Movable; freed by the destructor.
class StoreLock {
 public:
  /// Waits up to `patience`, then throws Error (kResource): "another process (pid N) is writing". A folder
  /// that cannot be written is Error (kResource), too.
  explicit StoreLock(std::filesystem::path file, std::chrono::milliseconds patience = {});
  ~StoreLock();
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace segue::index
