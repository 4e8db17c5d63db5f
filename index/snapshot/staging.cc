#include "index/snapshot/staging.h"

#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace segue::index {
namespace {

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorKind::kResource, "cannot make the folder: " + error.message(), folder.string());
}

}  // namespace

Staging::Staging(StoreLock lock, std::filesystem::path directory)
    : lock_(std::move(lock)), directory_(std::move(directory)) {
  make_folders(directory_);
}

Staging::~Staging() {
  if (directory_.empty()) return;
  std::error_code ignored;  // what stays behind is removed by the next writer
  std::filesystem::remove_all(directory_, ignored);
}

Staging::Staging(Staging&& other) noexcept
    : lock_(std::move(other.lock_)), directory_(std::exchange(other.directory_, {})) {}

std::filesystem::path Staging::file(std::string_view relative) const {
  std::filesystem::path path = directory_ / relative;
  make_folders(path.parent_path());
  return path;
}

}  // namespace segue::index
