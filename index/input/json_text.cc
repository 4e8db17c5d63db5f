#include "index/input/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace segue::index {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 64> text{};
  const double magnitude = std::fabs(static_cast<double>(number));
  const bool fixed = magnitude == 0 || (magnitude >= 1e-5 && magnitude < 1e15);
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, code] = std::to_chars(text.data(), text.data() + text.size(), number, format);
  if (code == std::errc()) out.append(text.data(), end);
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json(std::string& out, double number) {
  append_number(out, number);
}

void append_json(std::string& out, float number) {
  append_number(out, number);
}

}  // namespace segue::index
