#include "index/input/csv_reader.h"

#include <utf8proc.h>

#include <array>

#include "kernels/error.h"

namespace segue::index {
namespace {

/// Windows-1252 from 0x80 to 0x9f (https://encoding.spec.whatwg.org/index-windows-1252.txt).
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
      continue;
    }
    const char32_t point = byte < 0xa0 ? kWindows1252[byte - 0x80u] : byte;
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
  }
  return out;
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    if (*at < 0x80) {
      ++at;
      continue;
    }
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(at, end - at, &point);
    if (length <= 0) return false;
    at += length;
  }
  return true;
}

/// Whether a record that goes on to the end of `text` is inside quotes there.
class QuoteState {
 public:
  explicit QuoteState(char delimiter) : delimiter_(delimiter) {}

  void add(std::string_view text) {
    for (const char c : text) {
      if (inside_) {
        if (c == '"') inside_ = false;
        // A second quote right behind reopens the field: a doubled quote.
        closed_ = c == '"';
      } else if (c == '"' && (at_start_ || closed_)) {
        inside_ = true;
      } else {
        closed_ = false;
      }
      at_start_ = !inside_ && c == delimiter_;
    }
  }
  bool inside() const { return inside_; }

 private:
  char delimiter_;
  bool inside_ = false;
  bool closed_ = false;
  bool at_start_ = true;
};

}  // namespace

CsvReader::CsvReader(const std::filesystem::path& file, const CsvOptions& options)
    : lines_(file), options_(options) {}

std::string CsvReader::where() const {
  return lines_.file() + ":" + std::to_string(line_);
}

void CsvReader::fail(std::string_view what, std::string_view mend) const {
  throw Error(ErrorKind::kBadInput, what, where(), mend);
}

/// Joins lines until quotes are closed. False at the end of the file.
bool CsvReader::read_record() {
  std::string_view line;
  do {
    if (!lines_.next(line)) return false;
    if (line.ends_with('\r')) line.remove_suffix(1);
  } while (line.empty());
  line_ = lines_.line_number();
  record_ = line;
  QuoteState quotes(options_.delimiter);
  quotes.add(record_);
  while (quotes.inside()) {
    const bool more = lines_.next(line);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!more || record_.size() + line.size() > kLongestRecord) {
      fail("a quote that opens a field is never closed",
           "double every quote inside a field that is in quotes");
    }
    record_ += '\n';
    quotes.add("\n");
    record_ += line;
    quotes.add(line);
  }
  return true;
}

void CsvReader::split(std::vector<std::string>& fields) const {
  std::size_t at = 0;
  for (;;) {
    std::string& field = fields.emplace_back();
    if (at < record_.size() && record_[at] == '"') {
      for (++at;; ++at) {
        if (at >= record_.size()) fail("a quote that opens a field is never closed", "close it");
        if (record_[at] == '"' && (at + 1 >= record_.size() || record_[at + 1] != '"')) break;
        if (record_[at] == '"') ++at;
        field += record_[at];
      }
      ++at;
      if (at < record_.size() && record_[at] != options_.delimiter) {
        fail("text follows the closing quote of a field",
             "double every quote inside a field that is in quotes");
      }
    } else {
      const std::size_t end = std::min(record_.find(options_.delimiter, at), record_.size());
      field.assign(record_, at, end - at);
      at = end;
    }
    if (at >= record_.size()) return;
    ++at;  // the delimiter
  }
}

bool CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  if (!read_record()) return false;
  if (record_.find('\0') != std::string::npos) fail("the record holds a NUL character", "is the file text?");
  if (options_.encoding == TextEncoding::kLatin1) {
    record_ = utf8_of_latin1(record_);
  } else if (!is_utf8(record_)) {
    fail("the record is not valid UTF-8", "say encoding = \"latin1\" under [csv] if it is that");
  }
  split(fields);
  return true;
}

}  // namespace segue::index
