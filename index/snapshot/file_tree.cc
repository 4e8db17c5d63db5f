#include "index/snapshot/file_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "index/snapshot/durable_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace fs = std::filesystem;

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      const fs::file_status status = entry.symlink_status();
      if (fs::is_directory(status)) continue;
      if (!fs::is_regular_file(status)) {
        throw Error(ErrorKind::kDamagedStore, "not a regular file", entry.path().string());
      }
      files.push_back(entry.path().lexically_relative(folder).generic_string());
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kResource, "cannot list the folder: " + error.code().message(), folder.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void sync_folders(const fs::path& folder) {
  std::vector<fs::path> folders{folder};
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_directory()) folders.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kResource, "cannot list the folder: " + error.code().message(), folder.string());
  }
  // A folder comes before what it holds, so that the reverse begins with the deepest.
  std::for_each(folders.rbegin(), folders.rend(), [](const fs::path& path) { sync_directory(path); });
}

std::string content_hash(const std::map<std::string, FileDigest>& files) {
  Sha256 hash;
  for (const auto& [path, digest] : files) hash.update(digest.sha256 + "  " + path + "\n");
  return hash.finish();
}

std::string read_small_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) throw Error(ErrorKind::kDamagedStore, "the file is missing", file.string());
  if (!fs::is_regular_file(file, ignored))
    throw Error(ErrorKind::kDamagedStore, "not a regular file", file.string());
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) throw Error(ErrorKind::kResource, "cannot read the file", file.string());
  if (!in.is_open()) throw Error(ErrorKind::kResource, "cannot open the file", file.string());
  return text;
}

}  // namespace segue::index
