#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/snapshot/manifest.h"
#include "index/snapshot/snapshot_diff.h"
#include "index/snapshot/staging.h"

namespace segue::kernels {
class ThreadPool;
}

namespace segue::index {

/// A line of the list of snapshots.
struct SnapshotInfo {
  std::string id;
  bool current = false;
  std::string problem;  ///< why its manifest cannot be read; empty: it can, and the rest is filled
  std::string created;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};

/// A folder of snapshots, one of which serves (docs/file-formats.md):
///
///     CURRENT             the id of the snapshot that serves, or "none"
///     snapshots/ID/       immutable once it is there: manifest.json, manifest.sha256 and what the manifest
///     lists staging/            what is being written, or was left by a killed process LOCK held from
///     stage() to publish(): one builder at a time CURRENT.lock        held for the moment in which CURRENT
///     changes or a snapshot is removed
///
/// A process killed at any moment leaves the old snapshot current or the new one, whole and on the disk.
/// Readers take no lock, write nothing, and may use a store on a read-only medium. Nothing in a store names
/// an absolute path.
///
/// Thread-safe but for on_step(). A missing store is Error (kBadInput), damage Error (kDamagedStore) naming
/// the file, an id that is not in the store Error (kBadInput), disk trouble and held locks Error (kResource).
class SnapshotStore {
 public:
  explicit SnapshotStore(std::filesystem::path directory) : directory_(std::move(directory)) {}
  const std::filesystem::path& directory() const noexcept { return directory_; }

  // --- reading
  // -----------------------------------------------------------------------------------------------
  /// Whether there is a store at all.
  bool exists() const;
  /// The id of the snapshot that serves; none while nothing has been published. Throws when CURRENT is empty,
  /// garbage or names a snapshot that is not there, and says how to mend it.
  std::optional<std::string> current() const;
  /// The ids of all snapshots, oldest first.
  std::vector<std::string> ids() const;
  /// All snapshots, oldest first, also damaged ones; also when CURRENT is damaged.
  std::vector<SnapshotInfo> list() const;
  /// STORE/snapshots/ID. Throws for an id that is not there.
  std::filesystem::path path_of(std::string_view id) const;
  /// Reads manifest.json after comparing it with manifest.sha256, and its id with the folder's name.
  Manifest open_manifest(std::string_view id) const;
  /// Compares every file with its checksum; a missing file or one that the manifest does not list is damage,
  /// too. Reads the whole snapshot, with the threads of `pool` when given. Returns its manifest.
  Manifest verify(std::string_view id, kernels::ThreadPool* pool = nullptr) const;
  SnapshotDiff diff(std::string_view before, std::string_view after) const;

  // --- writing
  // -----------------------------------------------------------------------------------------------
  /// Makes an empty store where there is none.
  void create_if_absent() const;
  /// Begins a snapshot. Throws Error (kResource) while another process, or another Staging of this one, is
  /// writing.
  Staging stage() const;
  /// Makes the staged files the current snapshot and returns its id. Fills in the manifest's id, created and
  /// files. When it throws, the old snapshot serves on.
  std::string publish(Staging&& staging, Manifest manifest) const;
  /// Lets another snapshot serve, after verifying it; also mends a damaged CURRENT. Without an id: the newest
  /// one that is older than the current. Returns the id that serves now.
  std::string rollback(std::optional<std::string> id = {}) const;
  /// Removes all but the `keep` newest snapshots, and never the current one: after a rollback to an older one
  /// keep + 1 may stay. Returns the ids removed. A reader that was about to open one of them finds it
  /// missing: it reads CURRENT again.
  std::vector<std::string> prune(std::size_t keep) const;

  /// Calls `hook` after each step of publish, rollback and prune that changes the disk. Tests kill the
  /// process there.
  void on_step(std::function<void(std::string_view step)> hook) { hook_ = std::move(hook); }

 private:
  void require_store() const;
  void step(std::string_view name) const;
  StoreLock lock_current() const;
  void point_to(std::string_view id) const;

  std::filesystem::path directory_;
  std::function<void(std::string_view)> hook_;
};

}  // namespace segue::index
