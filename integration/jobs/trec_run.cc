#include "integration/jobs/trec_run.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace segue::integration {
namespace {

// White space of Unicode beyond ASCII, as UTF-8; readers of runs in Python split at all of it.
constexpr std::array<std::string_view, 19> kWideBlanks = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

/// Bytes at the beginning of text that must not stand in a column.
std::size_t encoded_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first <= 0x20 || first == 0x7f || first == '%') return 1;
  if (first < 0x80) return 0;
  const auto* blank = std::find_if(kWideBlanks.begin(), kWideBlanks.end(),
                                   [&](std::string_view wide) { return text.starts_with(wide); });
  return blank == kWideBlanks.end() ? 0 : blank->size();
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = encoded_bytes(text);
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    if (bytes == 0) encoded += text.front();
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return encoded;
}

void append_run(std::string& out, std::string_view request_id, const plugin::Answer& answer) {
  const std::string request = percent_encoded(request_id);
  for (const plugin::AnswerHit& hit : answer.hits) {
    out.append(request).append(" Q0 ").append(percent_encoded(hit.id)).append(" ");
    append_number(out, hit.hit.rank);
    out += ' ';
    append_number(out, hit.hit.score);
    out += " segue\n";
  }
}

}  // namespace segue::integration
