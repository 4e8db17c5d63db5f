#include "index/snapshot/snapshot_store.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "index/snapshot/durable_file.h"
#include "index/snapshot/file_tree.h"
#include "index/snapshot/sha256.h"
#include "index/snapshot/snapshot_id.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"

namespace segue::index {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kManifest = "manifest.json";
constexpr std::string_view kManifestChecksum = "manifest.sha256";
constexpr std::string_view kNone = "none";
constexpr std::chrono::seconds kPatience(10);  // for a lock that is held for moments only

/// What manifest.sha256 holds: a line that `sha256sum -c` reads.
std::string checksum_line(std::string_view manifest_text) {
  return sha256_of(manifest_text) + "  " + std::string(kManifest) + "\n";
}

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw Error(ErrorKind::kResource, "cannot rename " + from.string() + ": " + error.message(), to.string());
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorKind::kResource, "cannot make the folder: " + error.message(), folder.string());
}

/// Whether CURRENT names a snapshot; yes in doubt, since the answer decides whether it may be removed.
bool names_in(const fs::path& current, const std::string& id) {
  try {
    return read_small_file(current) == id + "\n";
  } catch (const Error& error) {
    return error.kind() != ErrorKind::kDamagedStore;
  }
}

std::map<std::string, FileDigest> digest_and_sync(const fs::path& folder) {
  std::map<std::string, FileDigest> files;
  for (const std::string& path : files_below(folder)) {
    if (path == kManifest || path == kManifestChecksum) {
      throw std::invalid_argument("publish writes " + path + " itself");
    }
    sync_file(folder / path);
    files.emplace(path, digest_file(folder / path));
  }
  return files;
}

}  // namespace

// --- reading
// ---------------------------------------------------------------------------------------------------

bool SnapshotStore::exists() const {
  std::error_code ignored;
  return fs::is_directory(directory_ / "snapshots", ignored) || fs::exists(directory_ / "CURRENT", ignored);
}

void SnapshotStore::require_store() const {
  if (exists()) return;
  throw Error(ErrorKind::kBadInput, "there is no store here", directory_.string(),
              "build one with: segue reindex --store " + directory_.string());
}

std::optional<std::string> SnapshotStore::current() const {
  require_store();
  const fs::path file = directory_ / "CURRENT";
  const auto damaged = [&](const std::string& what) {
    const std::vector<std::string> present = ids();
    throw Error(ErrorKind::kDamagedStore, what, file.string(),
                "choose a snapshot with: segue snapshots --store " + directory_.string() + " rollback " +
                    (present.empty() ? "ID" : present.back()));
  };
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    if (!ids().empty()) damaged("the file is missing");
    return std::nullopt;  // creating the store was cut short
  }
  for (std::string line = read_small_file(file);;) {
    if (line.empty()) damaged("the file is empty");
    if (line.back() != '\n') damaged("the line has no end");
    const std::string id = line.substr(0, line.size() - 1);
    if (id == kNone) return std::nullopt;
    if (!is_snapshot_id(id)) damaged("does not hold the id of a snapshot");
    if (fs::is_directory(directory_ / "snapshots" / id, ignored)) return id;
    // Between the two looks another process may have published a newer snapshot and pruned this one.
    const std::string again = read_small_file(file);
    if (again == line) damaged("names the snapshot " + id + ", which is missing");
    line = again;
  }
}

std::vector<std::string> SnapshotStore::ids() const {
  require_store();
  std::vector<std::string> ids;
  std::error_code error;
  for (fs::directory_iterator entry(directory_ / "snapshots", error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (is_snapshot_id(name) && entry->is_directory(ignored)) ids.push_back(std::move(name));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(ErrorKind::kResource, "cannot list the folder: " + error.message(),
                (directory_ / "snapshots").string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<SnapshotInfo> SnapshotStore::list() const {
  std::optional<std::string> serving;
  try {
    serving = current();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamagedStore) throw;
  }
  std::vector<SnapshotInfo> list;
  for (const std::string& id : ids()) {
    SnapshotInfo& info = list.emplace_back();
    info.id = id;
    info.current = serving == id;
    try {
      const Manifest manifest = open_manifest(id);
      info.created = manifest.created;
      info.items = manifest.item_count();
      info.bytes = manifest.byte_count();
    } catch (const Error& error) {
      info.problem = error.what();
    }
  }
  return list;
}

fs::path SnapshotStore::path_of(std::string_view id) const {
  require_store();
  fs::path path = directory_ / "snapshots" / id;
  std::error_code ignored;
  if (!is_snapshot_id(id) || !fs::is_directory(path, ignored)) {
    throw Error(ErrorKind::kBadInput, "there is no snapshot " + std::string(id), directory_.string(),
                "see them with: segue snapshots --store " + directory_.string() + " list");
  }
  return path;
}

Manifest SnapshotStore::open_manifest(std::string_view id) const {
  const fs::path folder = path_of(id);
  const fs::path file = folder / kManifest;
  const std::string text = read_small_file(file);
  if (read_small_file(folder / kManifestChecksum) != checksum_line(text)) {
    throw Error(
        ErrorKind::kDamagedStore, "not what its checksum in manifest.sha256 says", file.string(),
        "restore both files, or roll back: segue snapshots --store " + directory_.string() + " rollback ID");
  }
  Manifest manifest = manifest_from_json_text(text, file.string());
  if (manifest.id != id) {
    throw Error(ErrorKind::kDamagedStore, "belongs to the snapshot " + manifest.id, file.string(),
                "give the folder its own name back");
  }
  return manifest;
}

Manifest SnapshotStore::verify(std::string_view id, kernels::ThreadPool* pool) const {
  Manifest manifest = open_manifest(id);
  const fs::path folder = path_of(id);
  const auto damaged = [&](const std::string& path, std::string_view what) {
    throw Error(
        ErrorKind::kDamagedStore, what, (folder / path).string(),
        "restore the file, or roll back: segue snapshots --store " + directory_.string() + " rollback ID");
  };
  std::set<std::string> missing;
  for (const auto& [path, digest] : manifest.files) missing.insert(path);
  for (const std::string& path : files_below(folder)) {
    if (path == kManifest || path == kManifestChecksum) continue;
    if (missing.erase(path) == 0) damaged(path, "the manifest does not list this file");
  }
  if (!missing.empty()) damaged(*missing.begin(), "the file is missing");

  std::vector<const std::pair<const std::string, FileDigest>*> files;
  for (const auto& entry : manifest.files) files.push_back(&entry);
  const auto check = [&](std::size_t i) {
    const FileDigest found = digest_file(folder / files[i]->first);
    if (found.bytes != files[i]->second.bytes) {
      damaged(files[i]->first, std::to_string(found.bytes) + " bytes long instead of " +
                                   std::to_string(files[i]->second.bytes));
    }
    if (found.sha256 != files[i]->second.sha256) damaged(files[i]->first, "not what its checksum says");
  };
  if (pool != nullptr) {
    pool->run(files.size(), check);
  } else {
    for (std::size_t i = 0; i < files.size(); ++i) check(i);
  }
  return manifest;
}

SnapshotDiff SnapshotStore::diff(std::string_view before, std::string_view after) const {
  return index::diff(open_manifest(before), open_manifest(after));
}

// --- writing
// ---------------------------------------------------------------------------------------------------

void SnapshotStore::step(std::string_view name) const {
  if (hook_) hook_(name);
}

StoreLock SnapshotStore::lock_current() const {
  return StoreLock(directory_ / "CURRENT.lock", kPatience);
}

void SnapshotStore::create_if_absent() const {
  make_folder(directory_ / "snapshots");
  make_folder(directory_ / "staging");
  const StoreLock lock = lock_current();
  std::error_code ignored;
  if (!fs::exists(directory_ / "CURRENT", ignored) && ids().empty()) point_to(kNone);
}

Staging SnapshotStore::stage() const {
  require_store();
  StoreLock lock(directory_ / "LOCK");
  const fs::path staging = directory_ / "staging";
  {
    const StoreLock pruning = lock_current();  // prune() empties its own folder in there
    std::error_code error;
    fs::remove_all(staging, error);
    if (error)
      throw Error(ErrorKind::kResource, "cannot remove what is left: " + error.message(), staging.string());
  }
  return Staging(std::move(lock), staging / ("new-" + std::to_string(::getpid())));
}

void SnapshotStore::point_to(std::string_view id) const {
  const fs::path file = directory_ / "CURRENT";
  const fs::path fresh = directory_ / "CURRENT.new";
  write_durably(fresh, std::string(id) + "\n");
  step("CURRENT.new is written");
  rename_or_throw(fresh, file);
  step("CURRENT is renamed");
  sync_directory(directory_);
  step("CURRENT is on the disk");
}

std::string SnapshotStore::publish(Staging&& staging, Manifest manifest) const {
  const Staging staged = std::move(staging);  // removed on any failure, and the lock is freed at the end
  const fs::path& folder = staged.directory();
  if (folder.parent_path() != directory_ / "staging") throw std::invalid_argument("staged in another store");
  manifest.files = digest_and_sync(folder);
  step("files are on the disk");

  const StoreLock lock = lock_current();
  // Ids rise even when the clock does not: by them the store knows which snapshot came before which.
  std::time_t now = std::time(nullptr);
  const std::vector<std::string> present = ids();
  if (!present.empty()) now = std::max(now, snapshot_time(present.back()) + 1);
  manifest.id = make_snapshot_id(now, content_hash(manifest.files));
  manifest.created = iso_time(now);
  manifest.program = "segue " SEGUE_VERSION;

  const std::string text = to_json_text(manifest);
  write_durably(folder / kManifest, text);
  step("manifest.json is on the disk");
  write_durably(folder / kManifestChecksum, checksum_line(text));
  step("manifest.sha256 is on the disk");
  sync_folders(folder);
  step("folders are on the disk");

  const fs::path snapshot = directory_ / "snapshots" / manifest.id;
  rename_or_throw(folder, snapshot);
  try {
    step("the snapshot is renamed");
    sync_directory(snapshot.parent_path());
    step("the snapshot is on the disk");
    point_to(manifest.id);
  } catch (...) {
    if (!names_in(directory_ / "CURRENT", manifest.id)) {
      std::error_code ignored;
      fs::remove_all(snapshot, ignored);
    }
    throw;
  }
  return manifest.id;
}

std::string SnapshotStore::rollback(std::optional<std::string> id) const {
  require_store();
  if (!id) {
    const std::optional<std::string> serving = current();
    const std::vector<std::string> present = ids();
    const auto newer = serving ? std::lower_bound(present.begin(), present.end(), *serving) : present.begin();
    if (newer == present.begin()) {
      throw Error(ErrorKind::kBadInput, "there is no snapshot before the current one", directory_.string(),
                  "see them with: segue snapshots --store " + directory_.string() + " list");
    }
    id = *std::prev(newer);
  }
  verify(*id);  // before the lock, since it reads the whole snapshot
  const StoreLock lock = lock_current();
  path_of(*id);
  point_to(*id);
  return *id;
}

std::vector<std::string> SnapshotStore::prune(std::size_t keep) const {
  require_store();
  const StoreLock lock = lock_current();
  const std::optional<std::string> serving = current();
  std::vector<std::string> old = ids();
  old.resize(old.size() - std::min(keep, old.size()));
  std::erase_if(old, [&](const std::string& id) { return id == serving; });
  for (const std::string& id : old) {
    // Out of sight at one instant; what a killed process leaves of it is removed by the next builder.
    const fs::path grave = directory_ / "staging" / ("pruned-" + id);
    make_folder(grave.parent_path());
    rename_or_throw(directory_ / "snapshots" / id, grave);
    step("the snapshot is out of sight");
    sync_directory(directory_ / "snapshots");
    step("its removal is on the disk");
    std::error_code error;
    fs::remove_all(grave, error);
    if (error) throw Error(ErrorKind::kResource, "cannot remove: " + error.message(), grave.string());
    step("the snapshot is removed");
  }
  return old;
}

}  // namespace segue::index
