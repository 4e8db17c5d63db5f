#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "index/input/text_file.h"

namespace segue::index {

enum class TextEncoding {
  kUtf8,
  kLatin1,  ///< as browsers read it: Windows-1252
};

struct CsvOptions {
  char delimiter = ',';
  TextEncoding encoding = TextEncoding::kUtf8;
};

/// Records of a CSV file (RFC 4180), plain or gzipped, with or without a byte order mark, lines ending in LF
/// or CRLF. Fields in quotes may hold delimiters, line breaks and doubled quotes; a quote inside a field that
/// does not begin with one is an ordinary character. Lines without any character are skipped. Fields come out
/// as UTF-8, line breaks in them as LF. Errors are Error (kBadInput) with "FILE:LINE" of the record's first
/// line: a quote that is never closed (or not within 1 MiB), text behind a closing quote, invalid UTF-8, a
/// NUL character. After an error next() goes on with the next record. Thread-compatible.
class CsvReader {
 public:
  static constexpr std::size_t kLongestRecord = std::size_t{1} << 20;

  explicit CsvReader(const std::filesystem::path& file, const CsvOptions& options = {});

  /// The fields of the next record; false at the end.
  bool next(std::vector<std::string>& fields);
  std::string where() const;  ///< "FILE:LINE" of the record
  const LineReader& lines() const noexcept { return lines_; }

 private:
  bool read_record();
  void split(std::vector<std::string>& fields) const;
  [[noreturn]] void fail(std::string_view what, std::string_view mend) const;

  LineReader lines_;
  CsvOptions options_;
  std::string record_;  // with the line breaks inside its quotes
  std::size_t line_ = 0;
};

}  // namespace segue::index
