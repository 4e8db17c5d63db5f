#include "index/input/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace segue::index {
namespace {

constexpr char32_t kNoBase = U' ';
constexpr char kDropped = 0;

/// What an ASCII character folds to: itself in lower case, a blank, or kDropped for apostrophes.
constexpr std::array<char, 128> kAscii = [] {
  std::array<char, 128> table{};
  for (int c = 0; c < 128; ++c) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    table[static_cast<std::size_t>(c)] = static_cast<char>(upper ? c - 'A' + 'a' : kept ? c : ' ');
  }
  table['\''] = table['`'] = kDropped;
  return table;
}();

struct Letter {
  char32_t from;
  std::string_view to;
};

/// Latin letters that Unicode does not decompose, in lower case, sorted.
constexpr std::array kLetters = {
    Letter{0x00e6, "ae"}, Letter{0x00f0, "d"}, Letter{0x00f8, "o"}, Letter{0x00fe, "th"}, Letter{0x0111, "d"},
    Letter{0x0127, "h"},  Letter{0x0131, "i"}, Letter{0x0138, "k"}, Letter{0x0142, "l"},  Letter{0x014b, "n"},
    Letter{0x0153, "oe"}, Letter{0x0167, "t"}, Letter{0x0180, "b"}, Letter{0x0192, "f"},  Letter{0x01e5, "g"},
    Letter{0x0268, "i"},  Letter{0x0289, "u"},
};

std::string_view ascii_letter(char32_t c) {
  const auto at = std::lower_bound(kLetters.begin(), kLetters.end(), c,
                                   [](const Letter& letter, char32_t value) { return letter.from < value; });
  return at != kLetters.end() && at->from == c ? at->to : std::string_view{};
}

bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'`' || c == 0x00b4 || c == 0x02b9 || c == 0x02bb || c == 0x02bc || c == 0x02c8 ||
         c == 0x2018 || c == 0x2019 || c == 0x201b || c == 0x2032 || c == 0xff07;
}

/// Blocks of Latin, Greek and Cyrillic, and all digits and signs below them.
bool loses_marks(char32_t base) {
  return base < 0x0530 || (base >= 0x1c80 && base < 0x1c90) || (base >= 0x1d00 && base < 0x1dc0) ||
         (base >= 0x1e00 && base < 0x2000) || (base >= 0x2c60 && base < 0x2c80) ||
         (base >= 0xa640 && base < 0xa6a0) || (base >= 0xa720 && base < 0xa800) ||
         (base >= 0xab30 && base < 0xab70);
}

enum class Role { kWord, kMark, kBlank };

Role role(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Role::kWord;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return Role::kMark;
    default:
      return Role::kBlank;
  }
}

/// Valid UTF-8 in which what must be settled before NFKC is settled: bytes that are no UTF-8 and the signs
/// that NFKC would turn into letters (TM, SM) are blanks, an acute accent that stands alone is an apostrophe.
std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(at, end - at, &c);
    if (length <= 0) {
      out += ' ';
      ++at;
      continue;
    }
    if (c == 0x2122 || c == 0x2120 || c == 0) {
      out += ' ';
    } else if (c == 0x00b4) {
      out += '\'';
    } else {
      out.append(reinterpret_cast<const char*>(at), static_cast<std::size_t>(length));
    }
    at += length;
  }
  return out;
}

/// NFKD with case folding, as code points.
std::vector<utf8proc_int32_t> decompose(const std::string& text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  std::vector<utf8proc_int32_t> points(text.size() + 1);
  utf8proc_ssize_t count =
      utf8proc_decompose(bytes, size, points.data(), static_cast<utf8proc_ssize_t>(points.size()), kOptions);
  if (count > static_cast<utf8proc_ssize_t>(points.size())) {
    points.resize(static_cast<std::size_t>(count) + 1);
    count = utf8proc_decompose(bytes, size, points.data(), count, kOptions);
  }
  points.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return points;
}

class Folder {
 public:
  void add(char32_t c) {
    if (is_apostrophe(c)) {
      return;
    }
    switch (role(c)) {
      case Role::kBlank:
        blank();
        break;
      case Role::kMark:
        if (base_ != kNoBase && !loses_marks(base_)) put(c);
        break;
      case Role::kWord:
        base_ = c;
        if (const std::string_view letters = ascii_letter(c); !letters.empty()) {
          for (const char letter : letters) put(static_cast<char32_t>(letter));
        } else {
          put(c);
        }
    }
  }

  /// NFC of what was added.
  std::string finish(bool keep_blank) && {
    if (keep_blank && pending_blank_) points_.push_back(' ');
    // utf8proc writes the UTF-8 over the code points, and a 0 behind it.
    points_.resize(points_.size() + 1);
    const utf8proc_ssize_t length =
        utf8proc_reencode(points_.data(), static_cast<utf8proc_ssize_t>(points_.size() - 1),
                          static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    return length > 0
               ? std::string(reinterpret_cast<const char*>(points_.data()), static_cast<std::size_t>(length))
               : std::string();
  }

 private:
  void blank() {
    base_ = kNoBase;
    pending_blank_ = !points_.empty();
  }

  void put(char32_t c) {
    if (pending_blank_) points_.push_back(' ');
    pending_blank_ = false;
    points_.push_back(static_cast<utf8proc_int32_t>(c));
  }

  std::vector<utf8proc_int32_t> points_;
  char32_t base_ = kNoBase;
  bool pending_blank_ = false;
};

std::string fold_ascii(std::string_view text, bool keep_blank) {
  std::string out;
  out.reserve(text.size());
  bool pending_blank = false;
  for (const char c : text) {
    const char folded = kAscii[static_cast<unsigned char>(c)];
    if (folded == kDropped) continue;
    if (folded == ' ') {
      pending_blank = !out.empty();
      continue;
    }
    if (pending_blank) out += ' ';
    pending_blank = false;
    out += folded;
  }
  if (keep_blank && pending_blank) out += ' ';
  return out;
}

std::string fold_text(std::string_view text, bool keep_blank) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return fold_ascii(text, keep_blank);
  }
  Folder folder;
  for (const utf8proc_int32_t c : decompose(clean(text))) folder.add(static_cast<char32_t>(c));
  return std::move(folder).finish(keep_blank);
}

}  // namespace

std::string fold(std::string_view text) {
  return fold_text(text, false);
}

std::string fold_prefix(std::string_view text) {
  return fold_text(text, true);
}

}  // namespace segue::index
