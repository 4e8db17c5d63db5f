#include "index/snapshot/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "kernels/error.h"

namespace segue::index {
namespace {

void require(int succeeded) {
  if (succeeded != 1) throw Error(ErrorKind::kResource, "libcrypto cannot compute SHA-256");
}

}  // namespace

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  require(impl_->context != nullptr && EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  require(EVP_DigestFinal_ex(impl_->context.get(), digest, &length));
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

FileDigest digest_file(const std::filesystem::path& file) {
  const auto unreadable = [&](int error) {
    throw Error(ErrorKind::kResource, "cannot read: " + std::generic_category().message(error),
                file.string());
  };
  // Not blocking: a named pipe in place of a file must not hang the reader.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    const int error = errno;
    if (error == ENOENT) throw Error(ErrorKind::kDamagedStore, "the file is missing", file.string());
    if (error == ELOOP) throw Error(ErrorKind::kDamagedStore, "not a regular file", file.string());
    unreadable(error);
  }
  const auto close = [](const int* open) { ::close(*open); };
  const std::unique_ptr<const int, decltype(close)> closer(&descriptor, close);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) unreadable(errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::kDamagedStore, "not a regular file", file.string());

  Sha256 hash;
  FileDigest digest;
  std::vector<std::byte> buffer(1 << 18);
  while (true) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) unreadable(errno);
    if (got == 0) break;
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    digest.bytes += static_cast<std::uint64_t>(got);
  }
  digest.sha256 = hash.finish();
  return digest;
}

}  // namespace segue::index
