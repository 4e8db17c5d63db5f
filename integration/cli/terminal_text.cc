#include "integration/cli/terminal_text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <locale.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <optional>

namespace segue::integration {
namespace {

/// The character at the beginning of text, and its length in bytes; no character when it is no UTF-8.
struct Decoded {
  std::optional<char32_t> character;
  std::size_t bytes = 1;
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t character = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    character = character << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (character < kLeast[length] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
    return {};
  return {character, length};
}

/// Columns of one character by the C library's table, whatever locale the process runs in; -1: a control.
int columns_of(char32_t character) {
  if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return -1;
  if (character < 0x300) return 1;
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (unicode == nullptr) return 1;
  const locale_t before = uselocale(unicode);
  const int columns = wcwidth(static_cast<wchar_t>(character));
  uselocale(before);
  return std::max(columns, 0);
}

bool set_and_not_empty(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool locale_is_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!set_and_not_empty(name)) continue;
    std::string value = std::getenv(name);
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

TerminalStyle terminal_style(int descriptor) {
  TerminalStyle style;
  style.unicode = locale_is_unicode();
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  style.live = isatty(descriptor) == 1 && !dumb;
  style.colour = style.live && !set_and_not_empty("NO_COLOR");
  winsize size{};
  if (style.live && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
  } else if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && std::atoi(columns) >= 20) {
    style.width = static_cast<std::size_t>(std::atoi(columns));
  }
  return style;
}

std::string paint(const TerminalStyle& style, Ink ink, std::string_view text) {
  if (!style.colour) return std::string(text);
  constexpr std::array<std::string_view, 6> kCodes{"1", "2", "31", "32", "33", "36"};
  return "\x1b[" + std::string(kCodes[static_cast<std::size_t>(ink)]) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    width += next.character ? static_cast<std::size_t>(std::max(columns_of(*next.character), 0)) : 1;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (!next.character) {
      clean += '?';
    } else if (columns_of(*next.character) < 0) {
      clean += ' ';
    } else {
      clean += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return clean;
}

std::string fit(std::string_view text, std::size_t width, bool unicode) {
  if (display_width(text) <= width) return std::string(text);
  const std::string_view dots = std::string_view(unicode ? "…" : "...");
  const std::size_t dots_width = unicode ? 1 : 3;
  if (width < dots_width) return std::string(width, '.');
  std::string kept;
  std::size_t used = dots_width;
  while (!text.empty()) {
    const Decoded next = decode(text);
    const std::size_t columns = display_width(text.substr(0, next.bytes));
    if (used + columns > width) break;
    used += columns;
    kept += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return kept.append(dots);
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(text).append(columns < width ? width - columns : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(columns < width ? width - columns : 0, ' ').append(text);
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value)) return std::isnan(value) ? "-" : value > 0 ? "inf" : "-inf";
  if (size >= 999.5) {
    return (value < 0 ? "-" : "") + grouped(static_cast<std::size_t>(std::llround(std::min(size, 1e18))));
  }
  if (size >= 99.95) return formatted("%.0f", value);
  if (size >= 9.995) return formatted("%.1f", value);
  if (size >= 0.9995) return formatted("%.2f", value);
  return formatted("%.3g", value);
}

std::string fixed_number(double value, int decimals) {
  std::array<char, 400> text{};  // room for the largest double
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string grouped(std::size_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return grouped(count).append(" ").append(count == 1 ? one : many);
}

std::string count_text(double value) {
  const bool whole = value >= 0 && value < 1e15 && value == std::floor(value);
  return whole ? grouped(static_cast<std::size_t>(value)) : short_number(value);
}

std::string duration(double seconds) {
  if (!(seconds >= 0)) return "-";
  if (seconds < 9.995) return formatted("%.2f s", seconds);
  if (seconds < 99.95) return formatted("%.1f s", seconds);
  const auto whole = static_cast<std::size_t>(std::llround(std::min(seconds, 3.6e9)));
  const auto two = [](std::size_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (whole < 3600) return std::to_string(whole / 60) + " min " + two(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + two(whole % 3600 / 60) + " min";
}

std::string byte_size(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  const char* format = unit == 0 || bytes >= 99.5 ? "%.0f " : bytes >= 9.95 ? "%.1f " : "%.2f ";
  return formatted(format, bytes) + kUnits[unit];
}

}  // namespace segue::integration
