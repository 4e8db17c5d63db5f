#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// Reads a text file line by line; a gzip file is recognised by its first bytes. Thread-compatible.
/// All errors are Error (kBadInput) that names the file: missing, a folder, damaged or cut off gzip data, a
/// line of more than kLongestLine bytes.
class LineReader {
 public:
  static constexpr std::size_t kPadding =
      64;  ///< readable bytes behind every line, of any content (simdjson wants them)
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;

  explicit LineReader(const std::filesystem::path& file);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its \n; false at the end. The view is good until the next call. A byte order mark
  /// at the start of the file is skipped; a last line without \n counts, an empty one does not.
  bool next(std::string_view& line);

  std::size_t line_number() const noexcept { return line_number_; }  ///< of the line that next() gave, from 1
  const std::string& file() const noexcept { return file_; }
  std::string where() const;                             ///< "FILE:LINE"
  std::uint64_t consumed() const;                        ///< bytes read from the disk so far
  std::uint64_t size() const noexcept { return size_; }  ///< bytes on the disk; 0 for a pipe

 private:
  struct Stream;
  bool refill();

  std::string file_;
  std::unique_ptr<Stream> stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what has not been given yet, in buffer_
  std::size_t end_ = 0;
  std::size_t line_number_ = 0;
  std::uint64_t size_ = 0;
  bool at_end_ = false;
};

/// All lines of a file, each with a line feed behind it. Errors are those of LineReader.
std::string read_lines(const std::filesystem::path& file);

/// Writes a text file, gzipped when its name ends in .gz. It appears under its name only when finish()
/// returns: until then it is NAME.partial, which the destructor removes. (Devices and pipes are written in
/// place.) The bytes depend on the text alone. Errors are Error (kResource) that names the file.
/// Thread-compatible.
class TextWriter {
 public:
  explicit TextWriter(const std::filesystem::path& file);
  ~TextWriter();
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  void write(std::string_view text);
  /// Flushes, closes and renames. Without it nothing is left behind.
  void finish();

 private:
  struct Stream;
  void flush();
  [[noreturn]] void fail(std::string_view doing) const;

  std::filesystem::path file_;
  std::filesystem::path written_;  // equal to file_ for devices and pipes
  std::unique_ptr<Stream> stream_;
  std::string pending_;
};

}  // namespace segue::index
