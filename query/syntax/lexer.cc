#include "query/syntax/lexer.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"

namespace segue::query::syntax {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

bool is_parameter(std::string_view word) {
  return starts_parameter(word, 0) && std::all_of(word.begin() + 1, word.end(), is_parameter_char);
}

}  // namespace

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::size_t length = space_length(text, at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

QuotedEnd find_quoted_end(std::string_view text, std::size_t at) {
  const char mark = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == mark) return {at + 1, true};
    if (text[at] == '\\') ++at;
  }
  return {text.size(), false};
}

bool Lexer::at_colon() const {
  const std::size_t at = skip_space(text_, at_);
  return at < text_.size() && text_[at] == ':';
}

Token Lexer::take(TokenKind kind, std::size_t length) {
  at_ += length;
  return {kind, {at_ - length, at_}, std::nullopt, true};
}

Token Lexer::next() {
  at_ = skip_space(text_, at_);
  if (at_ >= text_.size()) return take(TokenKind::kEnd, 0);
  switch (text_[at_]) {
    case '+':
      return take(TokenKind::kPlus, 1);
    case '-':
      return take(TokenKind::kMinus, 1);
    case '!':
      return take(TokenKind::kNot, 1);
    case '(':
      return take(TokenKind::kOpen, 1);
    case ')':
      return take(TokenKind::kClose, 1);
    case ':':
      return take(TokenKind::kColon, 1);
    case '[':
      return take(TokenKind::kInclusiveRange, 1);
    case '{': {
      const bool is_operator = at_ + 1 < text_.size() && text_[at_ + 1] == '!';
      return is_operator ? take(TokenKind::kOperator, 2) : take(TokenKind::kExclusiveRange, 1);
    }
    case ']':
    case '}':
      return take(TokenKind::kStray, 1);
    case '"':
      return quoted();
    case '^':
      return with_number(TokenKind::kBoost);
    case '~':
      return with_number(TokenKind::kTilde);
    default:
      return word();
  }
}

Token Lexer::quoted() {
  const QuotedEnd found = find_quoted_end(text_, at_);
  Token token = take(TokenKind::kQuoted, found.end - at_);
  token.closed = found.closed;
  return token;
}

Token Lexer::with_number(TokenKind kind) {
  const std::size_t begin = at_ + 1;
  std::size_t end = skip_digits(text_, begin);
  if (end > begin && end < text_.size() && text_[end] == '.') {
    const std::size_t fraction = skip_digits(text_, end + 1);
    if (fraction > end + 1) end = fraction;
  }
  Token token = take(kind, end - at_);
  if (end > begin) {
    // What a double cannot hold becomes infinite, which every check of a range refuses.
    double value = 0;
    const auto parsed =
        std::from_chars(text_.data() + begin, text_.data() + end, value, std::chars_format::fixed);
    if (parsed.ec != std::errc()) value = std::numeric_limits<double>::infinity();
    token.number = value;
  }
  return token;
}

Token Lexer::word() {
  const std::size_t begin = at_;
  std::size_t wild = 0;  // how many * and ? there are, escaped ones aside
  std::size_t last_wild = begin;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\\') {
      if (at_ + 1 == text_.size()) break;
      at_ += 1 + character_length(text_, at_ + 1);
    } else if (c == '*' || c == '?') {
      ++wild;
      last_wild = at_++;
    } else if ((is_special(c) && !(at_ > begin && (c == '+' || c == '-'))) || space_length(text_, at_) > 0) {
      break;
    } else {
      at_ += character_length(text_, at_);
    }
  }
  const std::string_view word = text_.substr(begin, at_ - begin);
  Token token{TokenKind::kTerm, {begin, at_}, std::nullopt, true};
  if (word.empty()) {
    token = take(TokenKind::kStray, 1);  // a backslash with nothing behind it
  } else if (word == "*") {
    token.kind = TokenKind::kStar;
  } else if (wild > 0) {
    const bool prefix = wild == 1 && text_[last_wild] == '*' && last_wild > begin && last_wild + 1 == at_;
    token.kind = prefix ? TokenKind::kPrefix : TokenKind::kWildcard;
  } else if (is_and(word)) {
    token.kind = TokenKind::kAnd;
  } else if (is_or(word)) {
    token.kind = TokenKind::kOr;
  } else if (is_not(word)) {
    token.kind = TokenKind::kNot;
  } else if (parameters_ && is_parameter(word)) {
    token.kind = TokenKind::kParam;
  }
  return token;
}

}  // namespace segue::query::syntax
