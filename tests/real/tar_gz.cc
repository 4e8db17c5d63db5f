#include "tests/real/tar_gz.h"

#include <zlib.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace segue::real {
namespace {

constexpr std::size_t kBlock = 512;

std::string inflate_file(const std::filesystem::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(file.c_str(), "rb"), gzclose);
  if (!in) throw std::runtime_error("cannot open " + file.string());
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  int count = 0;
  while ((count = gzread(in.get(), buffer.data(), buffer.size())) > 0) {
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) throw std::runtime_error("damaged gzip file " + file.string());
  return bytes;
}

// A field of a header: text up to a NUL or the field's end.
std::string_view field(std::string_view header, std::size_t at, std::size_t size) {
  const std::string_view whole = header.substr(at, size);
  return whole.substr(0, whole.find('\0'));
}

}  // namespace

std::map<std::string, std::string> read_tar_gz(const std::filesystem::path& file) {
  const std::string bytes = inflate_file(file);
  std::map<std::string, std::string> files;
  for (std::size_t at = 0; at + kBlock <= bytes.size() && bytes[at] != '\0';) {
    const std::string_view header = std::string_view(bytes).substr(at, kBlock);
    if (field(header, 257, 5) != "ustar") throw std::runtime_error("not a ustar archive: " + file.string());
    const std::size_t size = std::stoull(std::string(field(header, 124, 12)), nullptr, 8);
    at += kBlock;
    if (size > bytes.size() - at) throw std::runtime_error("cut off: " + file.string());
    const char kind = header[156];
    if (kind == '0' || kind == '\0') files[std::string(field(header, 0, 100))] = bytes.substr(at, size);
    at += (size + kBlock - 1) / kBlock * kBlock;
  }
  return files;
}

}  // namespace segue::real
