#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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
};

}  // namespace segue::tests
