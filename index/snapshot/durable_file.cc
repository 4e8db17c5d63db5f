#include "index/snapshot/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace segue::index {
namespace {

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& file, int error) {
  const std::string_view mend = error == ENOSPC || error == EDQUOT  ? "free some space on the disk"
                                : error == EACCES || error == EROFS ? "make the folder writable for this user"
                                                                    : "";
  throw Error(ErrorKind::kResource, std::string(what) + ": " + std::generic_category().message(error),
              file.string(), mend);
}

void sync_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail("cannot open it to fsync", path, errno);
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // Some network file systems do not know fsync of a folder; there is nothing more that one could do on them.
  if (error != 0 && error != EINVAL) fail("cannot fsync", path, error);
}

}  // namespace

DurableFile::DurableFile(std::filesystem::path file)
    : file_(std::move(file)),
      descriptor_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail("cannot create the file", file_, errno);
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DurableFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("cannot write", file_, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void DurableFile::finish() {
  if (::fsync(descriptor_) != 0) fail("cannot fsync", file_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot close", file_, errno);
}

void write_durably(const std::filesystem::path& file, std::string_view text) {
  DurableFile out(file);
  out.write(text);
  out.finish();
}

void sync_file(const std::filesystem::path& file) {
  sync_path(file, O_RDONLY);
}

void sync_directory(const std::filesystem::path& directory) {
  sync_path(directory, O_RDONLY | O_DIRECTORY);
}

}  // namespace segue::index
