#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "index/config.h"
#include "index/reindex/reindexer.h"

namespace segue::tests {

/// A folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A configuration that trains in about a second.
index::Config quick_config();

/// A generated shop of 400 products and its log, in a folder of its own.
struct SmallShop {
  explicit SmallShop(std::size_t events = 8000, std::uint64_t seed = 1, bool context = false);

  TemporaryFolder folder;
  std::filesystem::path items;
  std::filesystem::path events;
  std::filesystem::path store;

  /// What a reindex of it asks for.
  index::ReindexRequest request() const;
  /// A file of that name in the folder: the log's events that `take` returns true for, as it changes them.
  std::filesystem::path part(const std::string& name,
                             const std::function<bool(nlohmann::ordered_json&)>& take) const;
  /// The log without contexts.
  std::filesystem::path without_contexts() const;
  /// The log's oldest events.
  std::filesystem::path oldest(double share) const;
};

}  // namespace segue::tests
