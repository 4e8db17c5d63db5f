#include "query/syntax/ranges.h"

#include <charconv>
#include <string>
#include <vector>

#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"
#include "query/syntax/lexer.h"

namespace segue::query::syntax {
namespace {

/// Position of the first unescaped space, or of `closing`, from `at` on.
std::size_t bare_end(std::string_view text, std::size_t at, char closing) {
  while (at < text.size() && text[at] != closing && space_length(text, at) == 0) {
    const bool escape = text[at] == '\\' && at + 1 < text.size();
    at += escape ? 1 + character_length(text, at + 1) : character_length(text, at);
  }
  return at;
}

class RangeReader {
 public:
  RangeReader(std::string_view text, std::size_t open, Diagnostics& diagnostics)
      : text_(text),
        open_(open),
        inclusive_(text[open] == '['),
        closing_(inclusive_ ? ']' : '}'),
        diagnostics_(diagnostics) {}

  RangeReading read() {
    std::size_t at = open_ + 1;
    for (;;) {
      at = skip_space(text_, at);
      if (at >= text_.size()) return unclosed();
      if (text_[at] == closing_) break;
      const std::size_t begin = at;
      at = text_[at] == '"' ? quoted(at) : bare(at);
      last_ = {begin, at};
    }
    return closed(at + 1);
  }

 private:
  std::size_t quoted(std::size_t at) {
    const QuotedEnd found = find_quoted_end(text_, at);
    if (!found.closed) return found.end;  // unclosed() tells
    add(unescape(text_, {at + 1, found.end - 1}, diagnostics_), {at, found.end}, false);
    const std::size_t rest = bare_end(text_, found.end, closing_);
    if (rest > found.end) {
      diagnostics_.error({found.end, rest},
                         "expected a blank or the closing bracket after a quoted end of a range",
                         "escape a quote inside with a backslash");
    }
    return rest;
  }

  std::size_t bare(std::size_t at) {
    const std::size_t end = bare_end(text_, at, closing_);
    const std::string_view word = text_.substr(at, end - at);
    if (word == "TO" && ends_.size() == 1 && !seen_to_) {
      seen_to_ = true;
    } else if (word == "TO") {
      misplaced_to_ = true;
    } else {
      add(unescape(text_, {at, end}, diagnostics_), {at, end}, word == "*");
    }
    return end;
  }

  void add(std::string value, TextRange range, bool open_end) {
    if (value == "*" && !open_end) {
      diagnostics_.warning(range, "an end of * is open, also when it is quoted or escaped");
    }
    ends_.push_back(std::move(value));
  }

  RangeReading unclosed() {
    std::string suggestion = std::string("close it with ") + closing_;
    const char other = inclusive_ ? '}' : ']';
    if (last_.end > last_.begin && text_[last_.end - 1] == other) {
      suggestion += "; the brackets of a range are both square (ends included) or both curly (excluded)";
    } else if (inclusive_) {
      suggestion += ", or write \\[ for the character";
    } else {
      suggestion += "; an operator begins with {!, and \\{ is the character";
    }
    diagnostics_.error({open_, open_ + 1}, std::string("the range that begins here is not closed"),
                       suggestion);
    return reading(text_.size());
  }

  RangeReading closed(std::size_t end) {
    if (ends_.size() != 2 || misplaced_to_) {
      const std::string found = misplaced_to_       ? "TO where an end should stand"
                                : ends_.empty()     ? "nothing"
                                : ends_.size() == 1 ? "one end"
                                                    : std::to_string(ends_.size()) + " ends";
      diagnostics_.error({open_, end}, "expected two ends in a range, low TO high, found " + found,
                         inclusive_ ? "write [low TO high], with * for an open end and quotes around blanks"
                                    : "write {low TO high}; an operator begins with {!");
      misplaced_to_ = true;
    } else if (!inclusive_ && !seen_to_ && ends_[1].find('=') != std::string::npos) {
      diagnostics_.warning({open_, end},
                           "this is an exclusive range, as in Lucene; an operator begins with {!",
                           "write {!" + ends_[0] + " ...} for an operator, {low TO high} for a range");
    }
    return reading(end);
  }

  RangeReading reading(std::size_t end) {
    RangeReading result;
    result.end = end;
    result.understood = ends_.size() == 2 && !misplaced_to_;
    if (result.understood) result.range = {std::move(ends_[0]), std::move(ends_[1]), inclusive_};
    return result;
  }

  std::string_view text_;
  std::size_t open_;
  bool inclusive_;
  char closing_;
  Diagnostics& diagnostics_;
  std::vector<std::string> ends_;
  TextRange last_;
  bool seen_to_ = false;
  bool misplaced_to_ = false;
};

/// A finite decimal number that takes up the whole of a text.
bool read_real(std::string_view text, double& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const std::size_t digit = text.substr(0, 1) == "-" ? 1 : 0;
  if (digit >= text.size() || !(is_digit(text[digit]) || text[digit] == '.')) return false;  // no inf, no nan
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

RangeReading read_range(std::string_view text, std::size_t open, Diagnostics& diagnostics) {
  return RangeReader(text, open, diagnostics).read();
}

VectorReading read_vector(std::string_view text, std::size_t open, Diagnostics& diagnostics) {
  VectorReading result;
  const std::size_t close = text.find(']', open);
  if (close == std::string_view::npos) {
    diagnostics.error({open, open + 1}, "the vector that begins here is not closed", "close it with ]");
    result.end = text.size();
    return result;
  }
  result.end = close + 1;
  std::size_t begin = open + 1;
  while (begin <= close) {
    const std::size_t end = std::min(text.find(',', begin), close);
    std::size_t first = skip_space(text, begin);
    first = std::min(first, end);
    std::size_t last = end;
    while (last > first && space_length(text, last - 1) > 0) --last;
    double value = 0;
    if (!read_real(text.substr(first, last - first), value)) {
      diagnostics.error({first, std::max(last, first + 1)}, "expected a finite number",
                        "write a vector as [0.1, -2, 3e-4]");
      break;  // one message for a vector: what is wrong once is often wrong a thousand times
    }
    result.values.push_back(value);
    begin = end + 1;
  }
  return result;
}

}  // namespace segue::query::syntax
