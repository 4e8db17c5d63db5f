#include "index/input/toml_scan.h"

#include <algorithm>

namespace segue::index {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Walks over a text from one string or comment to the next.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t find() {
    while (at_ < text_.size() && stray_ == kNone) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (is_ascii(c)) {
        ++at_;
      } else {
        stray_ = at_;
      }
    }
    return stray_;
  }

 private:
  bool triple(char quote) const {
    return at_ + 2 < text_.size() && text_[at_] == quote && text_[at_ + 1] == quote &&
           text_[at_ + 2] == quote;
  }

  void skip_string(char quote) {
    const bool long_form = triple(quote);
    at_ += long_form ? 3 : 1;
    while (at_ < text_.size() && stray_ == kNone) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        skip_escape();
      } else if (long_form ? triple(quote) : c == quote) {
        at_ += long_form ? 3 : 1;
        // One or two quotes more may end a long string's content.
        for (int more = 0; long_form && more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
        return;
      } else if (c == '\n' && !long_form) {
        return;  // an error, which the parser finds first
      } else {
        ++at_;
      }
    }
  }

  void skip_escape() {
    std::size_t next = at_ + 1;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t')) ++next;
    if (next < text_.size() && !is_ascii(text_[next])) stray_ = next;
    at_ += at_ + 1 < text_.size() && text_[at_ + 1] != '\n' ? 2 : 1;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t stray_ = kNone;
};

}  // namespace

std::size_t find_stray_character(std::string_view text) {
  return Scanner(text).find();
}

}  // namespace segue::index
