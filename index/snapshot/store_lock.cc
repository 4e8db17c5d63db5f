#include "index/snapshot/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "kernels/error.h"

namespace segue::index {
namespace {

std::string owner_of(int descriptor) {
  char text[32];
  const ssize_t length = ::pread(descriptor, text, sizeof text, 0);
  long pid = 0;
  if (length > 0) std::from_chars(text, text + length, pid);
  if (pid == ::getpid()) return "this process is already writing";
  if (pid > 0) return "another process (pid " + std::to_string(pid) + ") is writing";
  return "another process is writing";
}

}  // namespace

StoreLock::StoreLock(std::filesystem::path file, std::chrono::milliseconds patience) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    throw Error(ErrorKind::kResource, "cannot open the lock: " + std::generic_category().message(errno),
                file.string(), "the store must be writable for this user");
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    const std::string what = error == EWOULDBLOCK ? owner_of(descriptor)
                                                  : "cannot lock: " + std::generic_category().message(error);
    ::close(descriptor);
    throw Error(ErrorKind::kResource, what, file.string(),
                error == EWOULDBLOCK ? "wait until it has finished" : "");
  }
  descriptor_ = descriptor;
  // For messages only: a failure here loses the number, not the lock.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) errno = 0;
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

StoreLock::StoreLock(StoreLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace segue::index
