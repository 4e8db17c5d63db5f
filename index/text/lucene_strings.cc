#include <utf8proc.h>

#include "index/text/lucene_strings_impl.h"
#include "index/text/text_index.h"

namespace segue::index {

Lucene::String to_wide(std::string_view text) {
  Lucene::String wide;
  wide.reserve(text.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    if (*at < 128) {
      wide.push_back(static_cast<wchar_t>(*at++));
      --left;
      continue;
    }
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(at, left, &code);
    wide.push_back(size <= 0 || code == 0xffff ? L'\xfffd' : static_cast<wchar_t>(code));
    at += size <= 0 ? 1 : size;
    left -= size <= 0 ? 1 : size;
  }
  return wide;
}

Lucene::String to_wide_value(std::string_view text) {
  // No character takes more than four bytes: what lies behind can't matter.
  Lucene::String wide = to_wide(text.substr(0, 4 * kLongestExactValue));
  if (wide.size() > kLongestExactValue) wide.resize(kLongestExactValue);
  return wide;
}

std::string to_utf8(const Lucene::String& text) {
  std::string utf8;
  utf8.reserve(text.size());
  for (const wchar_t c : text) {
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
    utf8.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  return utf8;
}

}  // namespace segue::index
