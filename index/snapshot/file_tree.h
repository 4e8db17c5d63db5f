#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "index/snapshot/sha256.h"

namespace segue::index {

/// All files below a folder, as paths from it with '/', sorted by their bytes. Throws Error: kDamagedStore
/// names what is neither a regular file nor a folder, kResource what cannot be read.
std::vector<std::string> files_below(const std::filesystem::path& folder);

/// fsync of the folder and all folders below it, the deepest first. Throws Error (kResource).
void sync_folders(const std::filesystem::path& folder);

/// SHA-256 over lines "CHECKSUM  PATH\n" in the order of paths: what `sha256sum FILES... | sha256sum` prints.
std::string content_hash(const std::map<std::string, FileDigest>& files);

/// The whole of a small file. Throws Error: kDamagedStore when it is missing, kResource when it cannot be
/// read.
std::string read_small_file(const std::filesystem::path& file);

}  // namespace segue::index
