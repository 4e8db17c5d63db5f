#include "query/lucene/expansion.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "index/text/text_index_impl.h"

namespace segue::query {

using index::ItemSet;
using index::TermStep;

namespace {

// Code points of a text that is valid UTF-8; other bytes stand for themselves.
std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t point = size == 1 ? first : first & (0x7fu >> size);
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
    }
    points.push_back(point);
    i += size;
  }
  return points;
}

// A pattern taken apart: literal code points, and the two wildcards outside the range of Unicode.
constexpr char32_t kAnyOne = 0x110000;
constexpr char32_t kAnyMany = 0x110001;

std::u32string parse_pattern(std::string_view pattern) {
  std::u32string parsed;
  bool escaped = false;
  for (const char32_t point : code_points(pattern)) {
    if (!escaped && point == U'\\') {
      escaped = true;
      continue;
    }
    parsed.push_back(escaped ? point : point == U'*' ? kAnyMany : point == U'?' ? kAnyOne : point);
    escaped = false;
  }
  if (escaped) parsed.push_back(U'\\');
  return parsed;
}

// The literal text before the first wildcard.
std::string literal_prefix(std::string_view pattern) {
  std::string prefix;
  for (std::size_t i = 0; i < pattern.size() && pattern[i] != '*' && pattern[i] != '?'; ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    prefix.push_back(pattern[i]);
  }
  return prefix;
}

// Remembers the last star only: going back to an earlier one never helps.
bool matches(const std::u32string& pattern, const std::u32string& text) {
  std::size_t p = 0;
  std::size_t star = std::u32string::npos;
  std::size_t retry = 0;
  for (std::size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == kAnyMany) {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == kAnyOne || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::u32string::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(),
                     [](char32_t c) { return c == kAnyMany; });
}

// Levenshtein's distance, or any number above `most` when it is larger.
std::size_t edit_distance(const std::u32string& a, const std::u32string& b, std::size_t most,
                          std::vector<std::size_t>& row) {
  row.resize(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    std::size_t least = row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      least = std::min(least, row[j]);
    }
    if (least > most) return least;
  }
  return row[b.size()];
}

bool more_similar(const SimilarTerm& a, const SimilarTerm& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.text < b.text);
}

}  // namespace

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  return matches(parse_pattern(pattern), code_points(text));
}

ItemSet items_with_prefix(const index::TextIndex& index, std::string_view field, std::string_view text) {
  return index.impl().reader.items_of_terms(field, text, [&](std::string_view term) {
    return term.starts_with(text) ? TermStep::kTake : TermStep::kStop;
  });
}

ItemSet items_with_wildcard(const index::TextIndex& index, std::string_view field, std::string_view pattern) {
  const std::u32string parsed = parse_pattern(pattern);
  const std::string prefix = literal_prefix(pattern);
  return index.impl().reader.items_of_terms(field, prefix, [&](std::string_view term) {
    if (!term.starts_with(prefix)) return TermStep::kStop;
    return matches(parsed, code_points(term)) ? TermStep::kTake : TermStep::kSkip;
  });
}

ItemSet items_in_range(const index::TextIndex& index, std::string_view field, const syntax::Range& range) {
  const bool open_low = range.low == "*";
  const bool open_high = range.high == "*";
  return index.impl().reader.items_of_terms(field, open_low ? "" : range.low, [&](std::string_view term) {
    if (!open_high && (term > range.high || (term == range.high && !range.inclusive))) return TermStep::kStop;
    return !open_low && !range.inclusive && term == range.low ? TermStep::kSkip : TermStep::kTake;
  });
}

std::vector<SimilarTerm> similar_terms(const index::TextIndex& index, std::string_view field,
                                       std::string_view text, double least_similarity) {
  const std::u32string wanted = code_points(text);
  const double allowed = 1 - std::clamp(least_similarity, 0.0, 1.0);
  std::vector<SimilarTerm> best;  // a heap, the least similar in front
  std::vector<std::size_t> row;
  index.impl().reader.terms(field, "", [&](std::string_view term) {
    const std::u32string candidate = code_points(term);
    const auto shorter = static_cast<double>(std::min(wanted.size(), candidate.size()));
    const auto most = static_cast<std::size_t>(allowed * shorter);
    const std::size_t difference =
        std::max(wanted.size(), candidate.size()) - static_cast<std::size_t>(shorter);
    if (difference > most) return true;
    const std::size_t distance = edit_distance(wanted, candidate, most, row);
    if (distance > most) return true;
    SimilarTerm found{std::string(term), distance == 0 ? 1 : 1 - static_cast<double>(distance) / shorter};
    if (distance > 0 && found.similarity <= least_similarity) return true;
    if (best.size() == kFuzzyTerms) {
      if (!more_similar(found, best.front())) return true;
      std::pop_heap(best.begin(), best.end(), more_similar);
      best.pop_back();
    }
    best.push_back(std::move(found));
    std::push_heap(best.begin(), best.end(), more_similar);
    return true;
  });
  std::sort_heap(best.begin(), best.end(), more_similar);
  return best;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace segue::query
