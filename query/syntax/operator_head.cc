#include "query/syntax/operator_head.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "query/syntax/escapes.h"
#include "query/syntax/grammar.h"
#include "query/syntax/lexer.h"

namespace segue::query::syntax {
namespace {

class HeadReader {
 public:
  HeadReader(std::string_view text, std::size_t open, Diagnostics& diagnostics)
      : text_(text), open_(open), at_(open + 2), diagnostics_(diagnostics) {}

  OperatorHead read() {
    read_name();
    for (;;) {
      const std::size_t before = at_;
      at_ = skip_space(text_, at_);
      if (at_ >= text_.size()) {
        if (!unclosed_quote_) {
          diagnostics_.error({open_, open_ + 2}, "the operator that begins here is not closed",
                             "close it with }");
        }
        break;
      }
      if (text_[at_] == '}') {
        ++at_;
        break;
      }
      if (at_ == before) {
        const TextRange piece = skip_piece();
        diagnostics_.error(piece, "expected a blank or } here", "separate key=value pairs by blanks");
      } else {
        read_argument();
      }
    }
    if (head_.value.name.empty()) head_.value.arguments.clear();  // of nothing
    head_.end = at_;
    return std::move(head_);
  }

 private:
  void read_name() {
    const std::size_t begin = skip_space(text_, at_);
    const std::string_view name = take_name(begin);
    if (name.empty()) {
      at_ = std::min(begin, text_.size());
      diagnostics_.error({open_, at_}, "expected the name of an operator after {!",
                         "for example {!session ctx=$ctx}; to search for the characters write \\{\\!");
      return;
    }
    if (begin > open_ + 2) {
      diagnostics_.error({open_ + 2, begin}, "no blank may stand between {! and the operator's name",
                         "write {!" + std::string(name));
    }
    head_.value.name = name;
  }

  /// The name at a position, and moves behind it; empty where none begins.
  std::string_view take_name(std::size_t begin) {
    std::size_t end = begin;
    if (end < text_.size() && is_name_start(text_[end])) {
      while (end < text_.size() && is_name_char(text_[end])) ++end;
      at_ = end;
    }
    return text_.substr(std::min(begin, text_.size()), end - begin);
  }

  /// Moves behind the bytes up to white space or the closing brace.
  TextRange skip_piece() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '}' && space_length(text_, at_) == 0) {
      const bool escape = text_[at_] == '\\' && at_ + 1 < text_.size();
      at_ += escape ? 1 + character_length(text_, at_ + 1) : character_length(text_, at_);
    }
    return {begin, at_};
  }

  void read_argument() {
    const std::size_t begin = at_;
    const std::string_view key = take_name(at_);
    if (key.empty() || at_ >= text_.size() || text_[at_] != '=') {
      const TextRange rest = skip_piece();
      diagnostics_.error({begin, rest.end}, "expected key=value or } in the head of an operator",
                         key.empty() ? "close the operator with } before its bodies"
                                     : "write " + std::string(key) + "=value, without blanks around =");
      return;
    }
    ++at_;
    const std::size_t value_begin = at_;
    Value value = read_value();
    value.range = {value_begin, at_};
    if (!keys_.insert(key).second) {
      diagnostics_.error({begin, at_}, "the key " + std::string(key) + " is given twice", "keep one of them");
      return;
    }
    head_.value.arguments.push_back({std::string(key), std::move(value), {begin, at_}});
  }

  Value read_value() {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return quoted_value();
    const TextRange piece = skip_piece();
    if (piece.begin == piece.end) {
      diagnostics_.error({piece.begin - 1, piece.end},
                         "expected a value after =", "write '' for an empty value");
      return {};
    }
    const std::string_view word = text_.substr(piece.begin, piece.end - piece.begin);
    if (starts_parameter(word, 0)) {
      const std::string_view name = word.substr(1);
      if (std::all_of(name.begin(), name.end(), is_parameter_char))
        return {Value::Kind::kParam, std::string(name), {}};
      diagnostics_.error(piece, "the name of a parameter is made of letters, digits and _",
                         "quote the value if it is no parameter");
    }
    return {Value::Kind::kBare, unescape(text_, piece, diagnostics_), {}};
  }

  Value quoted_value() {
    const std::size_t begin = at_;
    const QuotedEnd found = find_quoted_end(text_, begin);
    at_ = found.end;
    if (!found.closed) {
      unclosed_quote_ = true;
      diagnostics_.error({begin, begin + 1}, "the quoted value that begins here is not closed",
                         std::string("close it with ") + text_[begin]);
    }
    const std::size_t end = found.closed ? found.end - 1 : found.end;
    return {Value::Kind::kQuoted, unescape(text_, {begin + 1, end}, diagnostics_), {}};
  }

  std::string_view text_;
  std::size_t open_;
  std::size_t at_;
  Diagnostics& diagnostics_;
  OperatorHead head_;
  std::unordered_set<std::string_view> keys_;
  bool unclosed_quote_ = false;
};

}  // namespace

OperatorHead read_operator_head(std::string_view text, std::size_t open, Diagnostics& diagnostics) {
  return HeadReader(text, open, diagnostics).read();
}

bool is_bare_value(std::string_view text) {
  if (text.empty() || text[0] == '\'' || starts_parameter(text, 0)) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '}' || c == '"' || c == '\\' || space_length(text, at) > 0) return false;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace segue::query::syntax
