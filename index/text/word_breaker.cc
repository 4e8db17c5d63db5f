#include "index/text/word_breaker.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace segue::index {
namespace {

// Word_Break classes of UAX #29 that the rules tell apart. Ideographs, Hiragana and the scripts without
// blanks have no class of their own there; Java Lucene gives them one, and so does this.
enum class Class : std::uint8_t {
  kOther,
  kLetter,
  kHebrewLetter,
  kNumeric,
  kKatakana,
  kExtendNumLet,
  kMidLetter,
  kMidNumLet,
  kSingleQuote,
  kDoubleQuote,
  kMidNum,
  kExtend,
  kIdeograph,
  kUnspaced,
  kPictograph,
  kRegional,
};

struct ClassRange {
  std::int32_t first;
  std::int32_t last;
  Class value;
};

// What the general category does not say (WordBreakProperty.txt, Scripts.txt, LineBreak.txt); sorted.
constexpr ClassRange kRanges[] = {
    {0x00b7, 0x00b7, Class::kMidLetter},    {0x037e, 0x037e, Class::kMidNum},
    {0x0387, 0x0387, Class::kMidLetter},    {0x055f, 0x055f, Class::kMidLetter},
    {0x0589, 0x0589, Class::kMidNum},       {0x05d0, 0x05f2, Class::kHebrewLetter},
    {0x05f3, 0x05f3, Class::kLetter},       {0x05f4, 0x05f4, Class::kMidLetter},
    {0x060c, 0x060d, Class::kMidNum},       {0x066b, 0x066b, Class::kNumeric},
    {0x066c, 0x066c, Class::kMidNum},       {0x07f8, 0x07f8, Class::kMidNum},
    {0x0e01, 0x0e3a, Class::kUnspaced},     {0x0e40, 0x0e4e, Class::kUnspaced},
    {0x0e81, 0x0ece, Class::kUnspaced},     {0x0edc, 0x0edf, Class::kUnspaced},
    {0x1000, 0x103f, Class::kUnspaced},     {0x1050, 0x108f, Class::kUnspaced},
    {0x109a, 0x109f, Class::kUnspaced},     {0x1780, 0x17d3, Class::kUnspaced},
    {0x17d7, 0x17d7, Class::kUnspaced},     {0x17dc, 0x17dd, Class::kUnspaced},
    {0x1950, 0x19c9, Class::kUnspaced},     {0x1a20, 0x1a7c, Class::kUnspaced},
    {0x200b, 0x200b, Class::kOther},        {0x200c, 0x200d, Class::kExtend},
    {0x2018, 0x2019, Class::kMidNumLet},    {0x2024, 0x2024, Class::kMidNumLet},
    {0x2027, 0x2027, Class::kMidLetter},    {0x202f, 0x202f, Class::kExtendNumLet},
    {0x2044, 0x2044, Class::kMidNum},       {0x24b6, 0x24e9, Class::kLetter},
    {0x2e80, 0x2fd5, Class::kIdeograph},    {0x3005, 0x3005, Class::kIdeograph},
    {0x3007, 0x3007, Class::kIdeograph},    {0x3021, 0x3029, Class::kIdeograph},
    {0x3031, 0x3035, Class::kKatakana},     {0x3038, 0x303b, Class::kIdeograph},
    {0x3041, 0x3096, Class::kIdeograph},    {0x309b, 0x309c, Class::kKatakana},
    {0x309d, 0x309f, Class::kIdeograph},    {0x30a0, 0x30fa, Class::kKatakana},
    {0x30fc, 0x30ff, Class::kKatakana},     {0x31f0, 0x31ff, Class::kKatakana},
    {0x32d0, 0x32fe, Class::kKatakana},     {0x3300, 0x3357, Class::kKatakana},
    {0x3400, 0x4dbf, Class::kIdeograph},    {0x4e00, 0x9fff, Class::kIdeograph},
    {0xa9e0, 0xa9ef, Class::kUnspaced},     {0xa9fa, 0xa9fe, Class::kUnspaced},
    {0xaa60, 0xaac2, Class::kUnspaced},     {0xaadb, 0xaadf, Class::kUnspaced},
    {0xf900, 0xfaff, Class::kIdeograph},    {0xfb1d, 0xfb1d, Class::kHebrewLetter},
    {0xfb1f, 0xfb28, Class::kHebrewLetter}, {0xfb2a, 0xfb4f, Class::kHebrewLetter},
    {0xfe10, 0xfe10, Class::kMidNum},       {0xfe13, 0xfe13, Class::kMidLetter},
    {0xfe14, 0xfe14, Class::kMidNum},       {0xfe50, 0xfe50, Class::kMidNum},
    {0xfe52, 0xfe52, Class::kMidNumLet},    {0xfe54, 0xfe54, Class::kMidNum},
    {0xfe55, 0xfe55, Class::kMidLetter},    {0xff07, 0xff07, Class::kMidNumLet},
    {0xff0c, 0xff0c, Class::kMidNum},       {0xff0e, 0xff0e, Class::kMidNumLet},
    {0xff1a, 0xff1a, Class::kMidLetter},    {0xff1b, 0xff1b, Class::kMidNum},
    {0xff66, 0xff9d, Class::kKatakana},     {0xff9e, 0xff9f, Class::kExtend},
    {0x1b000, 0x1b000, Class::kKatakana},   {0x1b001, 0x1b11f, Class::kIdeograph},
    {0x1f1e6, 0x1f1ff, Class::kRegional},   {0x1f200, 0x1f200, Class::kIdeograph},
    {0x1f3fb, 0x1f3ff, Class::kExtend},     {0x20000, 0x3fffd, Class::kIdeograph},
};

Class class_by_category(std::int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
      return Class::kLetter;
    case UTF8PROC_CATEGORY_ND:
      return Class::kNumeric;
    case UTF8PROC_CATEGORY_PC:
      return Class::kExtendNumLet;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_CF:
      return Class::kExtend;
    default:
      break;
  }
  // Older pictographs are text symbols unless a selector follows; only the planes of emoji count as words.
  const bool pictograph =
      code >= 0x1f000 && utf8proc_get_property(code)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
  return pictograph ? Class::kPictograph : Class::kOther;
}

constexpr std::array<Class, 128> kAscii = [] {
  std::array<Class, 128> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = Class::kLetter;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = Class::kLetter;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = Class::kNumeric;
  table['_'] = Class::kExtendNumLet;
  table[':'] = Class::kMidLetter;
  table['.'] = Class::kMidNumLet;
  table['\''] = Class::kSingleQuote;
  table['"'] = Class::kDoubleQuote;
  table[','] = Class::kMidNum;
  table[';'] = Class::kMidNum;
  return table;
}();

Class class_of(std::int32_t code) {
  if (code < 0) return Class::kOther;
  if (code < 128) return kAscii[static_cast<std::size_t>(code)];
  const auto* range = std::lower_bound(std::begin(kRanges), std::end(kRanges), code,
                                       [](const ClassRange& r, std::int32_t c) { return r.last < c; });
  if (range != std::end(kRanges) && range->first <= code) {
    // The ranges of scripts hold marks and digits too, which keep their own class.
    const Class general = class_by_category(code);
    const bool script = range->value == Class::kHebrewLetter || range->value == Class::kUnspaced;
    return script && general == Class::kNumeric ? general : range->value;
  }
  return class_by_category(code);
}

// One code point of the text, or one byte that begins none.
struct Symbol {
  std::int32_t code = -1;
  std::size_t size = 1;
};

Symbol symbol_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 128) return {first, 1};
  utf8proc_int32_t code = -1;
  const utf8proc_ssize_t size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                                 static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  return size <= 0 ? Symbol{} : Symbol{code, static_cast<std::size_t>(size)};
}

bool is_letter(Class c) {
  return c == Class::kLetter || c == Class::kHebrewLetter;
}

bool starts_word(Class c) {
  return is_letter(c) || c == Class::kNumeric || c == Class::kKatakana || c == Class::kExtendNumLet;
}

// Walks the text with one symbol of look-ahead; marks and format characters belong to what they follow (rule
// WB4).
class Breaker {
 public:
  explicit Breaker(std::string_view text) : text_(text) { load(); }

  std::vector<std::string_view> run() {
    while (at_ < text_.size()) {
      begin_ = at_;
      length_ = 0;
      const Class first = class_;
      if (starts_word(first)) {
        take();
        word(first);
      } else if (first == Class::kUnspaced || first == Class::kIdeograph) {
        take();
        while (first == Class::kUnspaced && class_ == Class::kUnspaced) take();
        emit();
      } else if (first == Class::kPictograph) {
        take();
        while (joined_ && class_ == Class::kPictograph) take();
        emit();
      } else if (first == Class::kRegional && peek() == Class::kRegional) {
        take();
        take();
        emit();
      } else {
        at_ += size_;
        load();
      }
    }
    return std::move(words_);
  }

 private:
  void load() {
    if (at_ >= text_.size()) {
      class_ = Class::kOther;
      size_ = 0;
      return;
    }
    const Symbol symbol = symbol_at(text_, at_);
    size_ = symbol.size;
    class_ = class_of(symbol.code);
    joiner_ = symbol.code == 0x200d;
  }

  // Moves behind the current symbol and the marks that follow it.
  void take() {
    joined_ = false;
    do {
      if (length_ == kLongestWord) {
        emit();
        begin_ = at_;
        length_ = 0;
      }
      ++length_;
      at_ += size_;
      load();
      joined_ = joined_ || (class_ == Class::kExtend && joiner_);
    } while (class_ == Class::kExtend);
  }

  // The class of the symbol after the current one and its marks, without moving.
  Class peek() const {
    for (std::size_t at = at_ + size_; at < text_.size();) {
      const Symbol symbol = symbol_at(text_, at);
      const Class c = class_of(symbol.code);
      if (c != Class::kExtend) return c;
      at += symbol.size;
    }
    return Class::kOther;
  }

  // Rules WB5 to WB13b from a first symbol that has been taken.
  void word(Class previous) {
    bool core = previous != Class::kExtendNumLet;  // underscores alone are no word
    for (;;) {
      if (joins(previous, class_)) {
        previous = class_;
        core = core || previous != Class::kExtendNumLet;
        take();
      } else if (bridges(previous)) {
        take();
        previous = class_;
        take();
      } else if (previous == Class::kHebrewLetter && class_ == Class::kSingleQuote) {
        previous = Class::kLetter;  // WB7a: a quote after a Hebrew letter belongs to it
        take();
      } else {
        break;
      }
    }
    if (core) emit();
  }

  static bool joins(Class a, Class b) {
    if (b == Class::kKatakana) return a == Class::kKatakana || a == Class::kExtendNumLet;
    if (is_letter(b) || b == Class::kNumeric) return a != Class::kKatakana;
    return b == Class::kExtendNumLet;
  }

  // WB6, WB7, WB7b, WB7c, WB11, WB12: punctuation between two letters or two digits.
  bool bridges(Class previous) const {
    const bool either = class_ == Class::kMidNumLet || class_ == Class::kSingleQuote;
    if (is_letter(previous) && (either || class_ == Class::kMidLetter)) return is_letter(peek());
    if (previous == Class::kNumeric && (either || class_ == Class::kMidNum)) return peek() == Class::kNumeric;
    return previous == Class::kHebrewLetter && class_ == Class::kDoubleQuote &&
           peek() == Class::kHebrewLetter;
  }

  void emit() { words_.push_back(text_.substr(begin_, at_ - begin_)); }

  std::string_view text_;
  std::size_t at_ = 0;    // the current symbol
  std::size_t size_ = 0;  // its bytes
  Class class_ = Class::kOther;
  bool joiner_ = false;     // it is a zero-width joiner
  bool joined_ = false;     // the last take() went over a joiner
  std::size_t begin_ = 0;   // of the word
  std::size_t length_ = 0;  // its code points
  std::vector<std::string_view> words_;
};

}  // namespace

std::vector<std::string_view> words(std::string_view text) {
  return Breaker(text).run();
}

std::vector<std::string_view> alphanumeric_runs(std::string_view text) {
  std::vector<std::string_view> runs;
  std::size_t begin = 0;
  std::size_t length = 0;
  const auto close = [&](std::size_t end) {
    if (length > 0) runs.push_back(text.substr(begin, end - begin));
    begin = end;
    length = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    const Symbol symbol = symbol_at(text, at);
    const Class c = class_of(symbol.code);
    const bool inside = is_letter(c) || c == Class::kNumeric || c == Class::kKatakana ||
                        c == Class::kIdeograph || c == Class::kUnspaced ||
                        (c == Class::kExtend && length > 0);
    if (!inside || length == kLongestWord) close(at);
    if (inside) {
      if (length == 0) begin = at;
      ++length;
    }
    at += symbol.size;
  }
  close(text.size());
  return runs;
}

std::string lower_case(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Symbol symbol = symbol_at(text, at);
    at += symbol.size;
    if (symbol.code >= 0 && symbol.code < 128) {
      const char c = static_cast<char>(symbol.code);
      lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t size =
        utf8proc_encode_char(symbol.code < 0 ? 0xfffd : utf8proc_tolower(symbol.code), bytes);
    lower.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  return lower;
}

}  // namespace segue::index
