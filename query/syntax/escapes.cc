#include "query/syntax/escapes.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "query/syntax/grammar.h"

namespace segue::query::syntax {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(std::string_view text, std::size_t at) {
  return (byte_at(text, at) & 0xc0) == 0x80;
}

/// Length of the valid sequence at a position, 0 for none. Table 3-7 of the Unicode standard.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const unsigned char first = byte_at(text, at);
  const unsigned char second = byte_at(text, at + 1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(text, at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && continues(text, at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && continues(text, at + 2) && continues(text, at + 3) ? 4 : 0;
  }
  return 0;
}

void append_code_point(std::string& out, std::uint32_t c) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  }
}

/// The four hexadecimal digits of \uXXXX; at is where the backslash stands.
std::optional<std::uint32_t> code_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool is_pattern_character(char c) {
  return c == '*' || c == '?' || c == '\\';
}

/// Walks over a range once; `keep` keeps the backslash before characters that mean something in a pattern.
class Unescaper {
 public:
  Unescaper(std::string_view text, TextRange range, bool keep, Diagnostics& diagnostics)
      : text_(text.substr(0, range.end)), at_(range.begin), keep_(keep), diagnostics_(diagnostics) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        copy_character();
      } else if (at_ + 1 == text_.size()) {
        diagnostics_.error({at_, at_ + 1}, "nothing follows the backslash", "write \\\\ for a backslash");
        ++at_;
      } else if (text_[at_ + 1] == 'u') {
        unicode_escape();
      } else {
        ++at_;
        if (keep_ && is_pattern_character(text_[at_])) out_.push_back('\\');
        copy_character();
      }
    }
    return std::move(out_);
  }

 private:
  void copy_character() {
    const std::size_t length = sequence_length(text_, at_);
    if (length == 0) {
      out_.append(kReplacement);
      ++at_;
    } else {
      out_.append(text_, at_, length);
      at_ += length;
    }
  }

  void unicode_escape() {
    const std::optional<std::uint32_t> unit = code_unit(text_, at_);
    if (!unit) {
      diagnostics_.error({at_, at_ + 2}, "expected four hexadecimal digits after \\u",
                         "write \\\\u for a backslash and a u");
      at_ += 1;  // the u stays
      return;
    }
    std::uint32_t code = *unit;
    std::size_t length = 6;
    if (code >= 0xd800 && code < 0xe000) {
      const std::optional<std::uint32_t> low = code < 0xdc00 ? code_unit(text_, at_ + 6) : std::nullopt;
      if (low && *low >= 0xdc00 && *low < 0xe000) {
        code = 0x10000 + (code - 0xd800) * 0x400 + (*low - 0xdc00);
        length = 12;
      } else {
        diagnostics_.error({at_, at_ + 6}, "half a surrogate pair is no character",
                           "write both halves, as \\ud83d\\ude00");
        code = 0xfffd;
      }
    }
    if (keep_ && code < 0x80 && is_pattern_character(static_cast<char>(code))) out_.push_back('\\');
    append_code_point(out_, code);
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_;
  bool keep_;
  Diagnostics& diagnostics_;
  std::string out_;
};

/// Characters that are written as \uXXXX because they cannot be seen.
bool is_invisible(std::string_view text, std::size_t at) {
  return byte_at(text, at) < 0x20 || text[at] == 0x7f || text.substr(at, 3) == "\xe3\x80\x80";
}

void append_unicode_escape(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const unsigned code = text[at] == '\xe3' ? 0x3000u : byte_at(text, at);
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[code >> shift & 15]);
}

/// Appends a part of a term. What only the begin of a term means needs no escape further on.
void append_escaped(std::string& out, std::string_view text, bool at_begin) {
  if (at_begin && starts_parameter(text, 0)) out.push_back('\\');
  for (std::size_t at = 0; at < text.size(); at += character_length(text, at)) {
    if (is_invisible(text, at)) {
      append_unicode_escape(out, text, at);
      continue;
    }
    const char c = text[at];
    const bool plain_inside = (at > 0 || !at_begin) && (c == '+' || c == '-');
    if (space_length(text, at) > 0 || (is_special(c) && !plain_inside)) out.push_back('\\');
    out.append(text, at, character_length(text, at));
  }
}

}  // namespace

std::size_t character_length(std::string_view text, std::size_t at) {
  const std::size_t length = sequence_length(text, at);
  return length == 0 ? 1 : length;
}

bool is_character(std::string_view text, std::size_t at) {
  return sequence_length(text, at) != 0;
}

void check_utf8(std::string_view text, Diagnostics& diagnostics) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && !is_character(text, at)) ++at;
    if (at > begin) diagnostics.error({begin, at}, "these bytes are not UTF-8", "send the text as UTF-8");
    if (at < text.size()) at += character_length(text, at);
  }
}

std::string unescape(std::string_view text, TextRange range, Diagnostics& diagnostics) {
  return Unescaper(text, range, false, diagnostics).run();
}

std::string unescape_pattern(std::string_view text, TextRange range, Diagnostics& diagnostics) {
  return Unescaper(text, range, true, diagnostics).run();
}

std::string escape_term(std::string_view text) {
  std::string out;
  if (is_and(text) || is_or(text) || is_not(text)) out.push_back('\\');
  append_escaped(out, text, true);
  return out;
}

std::string escape_prefix(std::string_view text) {
  std::string out;
  append_escaped(out, text, true);
  return out;
}

std::string escape_pattern(std::string_view pattern) {
  std::string out;
  std::size_t at = 0;
  while (at < pattern.size()) {
    const std::size_t special = std::min(pattern.find_first_of("*?\\", at), pattern.size());
    append_escaped(out, pattern.substr(at, special - at), at == 0);
    const std::string_view sign = pattern.substr(special, pattern.substr(special, 1) == "\\" ? 2 : 1);
    out += sign;
    at = special + sign.size();
  }
  return out;
}

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (std::size_t at = 0; at < text.size(); at += character_length(text, at)) {
    if (is_invisible(text, at)) {
      append_unicode_escape(out, text, at);
      continue;
    }
    if (text[at] == mark || text[at] == '\\') out.push_back('\\');
    out.append(text, at, character_length(text, at));
  }
  out.push_back(mark);
  return out;
}

}  // namespace segue::query::syntax
