#pragma once

#include <filesystem>
#include <string_view>

#include "index/snapshot/store_lock.h"

namespace segue::index {

/// A folder in which one writer puts a snapshot together: STORE/staging/NAME. It is removed by the destructor
/// unless SnapshotStore::publish() has moved it away. Holds the store's writer lock, so that there is one at
/// a time; what killed writers left behind is removed when the next one begins. Movable; thread-compatible.
class Staging {
 public:
  Staging(StoreLock lock, std::filesystem::path directory);
  ~Staging();
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;

  const std::filesystem::path& directory() const noexcept { return directory_; }
  /// The path of a file of the snapshot, for example "models/mf.safetensors"; makes its folder. Throws Error
  /// (kResource).
  std::filesystem::path file(std::string_view relative) const;

 private:
  StoreLock lock_;
  std::filesystem::path directory_;  // empty: moved from
};

}  // namespace segue::index
