#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace segue::index {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces. Thread-compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text.data(), text.size()))); }
  /// 64 lower-case hexadecimal digits. Nothing may follow.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_of(std::string_view text);

struct FileDigest {
  std::string sha256;
  std::uint64_t bytes = 0;
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

/// Reads the whole file. Throws Error: kDamagedStore when it is missing or no regular file, kResource when it
/// cannot be read.
FileDigest digest_file(const std::filesystem::path& file);

}  // namespace segue::index
