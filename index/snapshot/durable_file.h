#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace segue::index {

/// A file that is written from its beginning and is on the disk once finish() has returned. An existing file
/// is cut to nothing first. Without finish() the file stays as far as it was written. Every failure throws
/// Error (kResource) that names the file. Thread-compatible.
class DurableFile {
 public:
  explicit DurableFile(std::filesystem::path file);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  /// fsync and close. The name itself is durable only after sync_directory() of the folder.
  void finish();

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// A whole file at once, on the disk when it returns. Throws Error (kResource).
void write_durably(const std::filesystem::path& file, std::string_view text);

/// fsync of a file that somebody else wrote. Throws Error (kResource).
void sync_file(const std::filesystem::path& file);
/// fsync of a folder: makes the creation, renaming and removal of its entries durable. Throws Error
/// (kResource).
void sync_directory(const std::filesystem::path& directory);

}  // namespace segue::index
