#include "index/input/text_file.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr unsigned kZlibBuffer = 1u << 17;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string reason(gzFile stream) {
  int code = Z_OK;
  const char* text = gzerror(stream, &code);
  if (code == Z_ERRNO) return std::strerror(errno);
  return text != nullptr && *text != '\0' ? text : "unknown reason";
}

}  // namespace

struct LineReader::Stream {
  explicit Stream(gzFile opened) : file(opened) {}
  ~Stream() { gzclose_r(file); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  gzFile file;
};

LineReader::LineReader(const std::filesystem::path& file) : file_(file.string()), buffer_(kChunk + kPadding) {
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) {
    throw Error(ErrorKind::kBadInput, "this is a folder", file_, "name a file");
  }
  errno = 0;
  const gzFile stream = gzopen(file.c_str(), "rb");
  if (stream == nullptr) {
    throw Error(ErrorKind::kBadInput,
                std::string("cannot be opened: ") + std::strerror(errno != 0 ? errno : ENOMEM), file_,
                "check the name and the permissions");
  }
  stream_ = std::make_unique<Stream>(stream);
  gzbuffer(stream, kZlibBuffer);
  const std::uintmax_t size = std::filesystem::file_size(file, code);
  if (!code) size_ = size;
  if (refill() && std::string_view(buffer_.data(), end_).starts_with(kByteOrderMark))
    begin_ = kByteOrderMark.size();
}

LineReader::~LineReader() = default;

bool LineReader::refill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ >= kLongestLine) {
    throw Error(ErrorKind::kBadInput, "the line is longer than 64 MiB",
                file_ + ":" + std::to_string(line_number_ + 1),
                "one object per line, lines end with a line feed");
  }
  if (buffer_.size() < end_ + kChunk + kPadding) buffer_.resize(2 * end_ + kChunk + kPadding);
  const int read = gzread(stream_->file, buffer_.data() + end_, static_cast<unsigned>(kChunk));
  int code = Z_OK;
  gzerror(stream_->file, &code);
  // A gzip file that ends too early gives its bytes first, then Z_BUF_ERROR.
  if (read < 0 || code == Z_BUF_ERROR) {
    throw Error(ErrorKind::kBadInput, "cannot be read: " + reason(stream_->file),
                file_ + ":" + std::to_string(line_number_ + 1),
                "the file is damaged or cut off; make or copy it again");
  }
  at_end_ = read == 0;
  end_ += static_cast<std::size_t>(read);
  return read > 0;
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const void* found =
        end_ > searched ? std::memchr(buffer_.data() + searched, '\n', end_ - searched) : nullptr;
    if (found != nullptr) {
      const char* at = static_cast<const char*>(found);
      const char* start = buffer_.data() + begin_;
      line = {start, static_cast<std::size_t>(at - start)};
      begin_ = static_cast<std::size_t>(at - buffer_.data()) + 1;
      ++line_number_;
      return true;
    }
    const std::size_t rest = end_ - begin_;
    if (!refill()) {
      if (begin_ == end_) return false;
      line = {buffer_.data() + begin_, end_ - begin_};
      begin_ = end_;
      ++line_number_;
      return true;
    }
    searched = begin_ + rest;  // what was there has no \n
  }
}

std::string LineReader::where() const {
  return file_ + ":" + std::to_string(line_number_);
}

std::uint64_t LineReader::consumed() const {
  const auto offset = gzoffset(stream_->file);
  return offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
}

std::string read_lines(const std::filesystem::path& file) {
  LineReader reader(file);
  std::string text;
  std::string_view line;
  while (reader.next(line)) text.append(line).append("\n");
  return text;
}

struct TextWriter::Stream {
  explicit Stream(gzFile opened) : file(opened) {}
  ~Stream() {
    if (file != nullptr) gzclose_w(file);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  gzFile file;
};

TextWriter::TextWriter(const std::filesystem::path& file) : file_(file), written_(file) {
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) written_ += ".partial";
  // Mode T writes without compression, so that both kinds take one path.
  errno = 0;
  const gzFile stream = gzopen(written_.c_str(), file.extension() == ".gz" ? "wb6" : "wbT");
  if (stream == nullptr) fail("opened");
  stream_ = std::make_unique<Stream>(stream);
  gzbuffer(stream, kZlibBuffer);
  pending_.reserve(kChunk);
}

TextWriter::~TextWriter() {
  if (stream_ == nullptr) return;
  stream_.reset();
  std::error_code ignored;
  if (written_ != file_) std::filesystem::remove(written_, ignored);
}

void TextWriter::write(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kChunk) flush();
}

void TextWriter::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    errno = 0;
    const std::size_t part = std::min(rest.size(), kChunk);
    if (gzwrite(stream_->file, rest.data(), static_cast<unsigned>(part)) <= 0) fail("written");
    rest.remove_prefix(part);
  }
  pending_.clear();
}

void TextWriter::finish() {
  flush();
  errno = 0;
  const int code = gzclose_w(stream_->file);
  stream_->file = nullptr;
  if (code != Z_OK) fail("written");
  std::error_code renamed;
  if (written_ != file_) std::filesystem::rename(written_, file_, renamed);
  if (renamed) {
    errno = renamed.value();
    fail("renamed");
  }
  stream_.reset();
}

void TextWriter::fail(std::string_view doing) const {
  throw Error(
      ErrorKind::kResource,
      "cannot be " + std::string(doing) + ": " + (errno != 0 ? std::strerror(errno) : "unknown reason"),
      file_.string(), "check that the folder exists and the disk has room");
}

}  // namespace segue::index
