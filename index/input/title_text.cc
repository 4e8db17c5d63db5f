#include "index/input/title_text.h"

#include <utf8proc.h>

#include <array>

namespace segue::index {
namespace {

using CaseMap = utf8proc_int32_t (*)(utf8proc_int32_t);

/// Calls body(code point, its bytes) for each character; bytes that are not UTF-8 come one by one with -1.
template <typename Body>
void for_each_character(std::string_view text, Body body) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    utf8proc_int32_t point = -1;
    utf8proc_ssize_t length = utf8proc_iterate(at, end - at, &point);
    if (length <= 0) {
      point = -1;
      length = 1;
    }
    body(point, std::string_view(reinterpret_cast<const char*>(at), static_cast<std::size_t>(length)));
    at += length;
  }
}

void append(std::string& out, utf8proc_int32_t point) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t length = utf8proc_encode_char(point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

std::string map_case(std::string_view text, CaseMap map) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](utf8proc_int32_t point, std::string_view bytes) {
    if (point < 0) {
      out += bytes;
    } else {
      append(out, map(point));
    }
  });
  return out;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
bool ends_word(char c) {
  return std::string_view(" /,()[]").find(c) != std::string_view::npos;
}

bool is_mostly_capitals(std::string_view text) {
  std::size_t capitals = 0;
  std::size_t small = 0;
  for_each_character(text, [&](utf8proc_int32_t point, std::string_view) {
    const utf8proc_category_t category = point < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(point);
    capitals += category == UTF8PROC_CATEGORY_LU ? 1 : 0;
    small += category == UTF8PROC_CATEGORY_LL ? 1 : 0;
  });
  return capitals > small;
}

std::string capitalise_first_letter(std::string_view text) {
  std::string out;
  bool done = false;
  for_each_character(text, [&](utf8proc_int32_t point, std::string_view bytes) {
    const bool small = point >= 0 && utf8proc_category(point) == UTF8PROC_CATEGORY_LL;
    if (small && !done) {
      append(out, utf8proc_totitle(point));
    } else {
      out += bytes;
    }
    // A digit that begins the title takes the capital's place: "3 tier cake stand".
    done = done || small || (bytes.front() >= '0' && bytes.front() <= '9');
  });
  return out;
}

}  // namespace

std::string to_lower(std::string_view text) {
  return map_case(text, utf8proc_tolower);
}

std::string to_upper(std::string_view text) {
  return map_case(text, utf8proc_toupper);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string collapse_blanks(std::string_view text) {
  std::string out;
  bool pending = false;
  for (const char c : trim(text)) {
    if (is_blank(c)) {
      pending = true;
      continue;
    }
    if (pending) out += ' ';
    pending = false;
    out += c;
  }
  return out;
}

std::string sentence_case(std::string_view title, std::span<const std::string> words) {
  if (!is_mostly_capitals(title)) return std::string(title);
  const std::string small = capitalise_first_letter(to_lower(title));
  if (words.empty()) return small;
  std::string out;
  for (std::size_t at = 0; at < small.size();) {
    std::size_t end = at;
    while (end < small.size() && !ends_word(small[end])) ++end;
    const std::string_view word = std::string_view(small).substr(at, end - at);
    const std::string folded = to_lower(word);
    std::string_view spelt = word;
    for (const std::string& known : words) {
      if (!word.empty() && to_lower(known) == folded) spelt = known;
    }
    out += spelt;
    if (end < small.size()) out += small[end++];
    at = end;
  }
  return out;
}

}  // namespace segue::index
