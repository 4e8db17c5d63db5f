#include "index/snapshot/snapshot_id.h"

#include <cstddef>
#include <stdexcept>

namespace segue::index {
namespace {

std::string format_time(const char* format, std::time_t time) {
  std::tm parts{};
  char text[32];
  ::gmtime_r(&time, &parts);
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

}  // namespace

bool is_snapshot_id(std::string_view text) {
  constexpr std::string_view kShape =
      "ddddddddTddddddZ-hhhhhhhh";  // d: a digit; h: one of 0-9a-f; else itself
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    const bool fits = kShape[i] == 'd'   ? digit
                      : kShape[i] == 'h' ? digit || (c >= 'a' && c <= 'f')
                                         : c == kShape[i];
    if (!fits) return false;
  }
  return true;
}

std::string make_snapshot_id(std::time_t time, std::string_view content_hash) {
  return format_time("%Y%m%dT%H%M%SZ-", time).append(content_hash.substr(0, 8));
}

std::time_t snapshot_time(std::string_view id) {
  if (!is_snapshot_id(id)) throw std::invalid_argument("not the id of a snapshot: " + std::string(id));
  const auto number = [&](std::size_t begin, std::size_t digits) {
    int value = 0;
    for (const char c : id.substr(begin, digits)) value = value * 10 + (c - '0');
    return value;
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(4, 2) - 1;
  parts.tm_mday = number(6, 2);
  parts.tm_hour = number(9, 2);
  parts.tm_min = number(11, 2);
  parts.tm_sec = number(13, 2);
  return ::timegm(&parts);
}

std::string iso_time(std::time_t time) {
  return format_time("%Y-%m-%dT%H:%M:%SZ", time);
}

}  // namespace segue::index
