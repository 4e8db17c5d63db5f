#include "query/suggest/suggest_ranker.h"

#include <algorithm>
#include <cmath>

#include "query/suggest/candidates.h"

namespace segue::query {
namespace {

using index::ItemId;
using index::Suggestion;
using index::SuggestionTable;
using Row = SuggestionTable::Row;

/// A candidate on its way: no strings are copied before it is known to be among the best.
struct Scored {
  Row row;
  ItemId item;
  double score;
  SuggestionPart popularity;
  SuggestionPart match;
  SuggestionPart model;
  SuggestionPart words;
  SuggestionPart diversity;
};

bool before(const Scored& a, const Scored& b) {
  return index::ranks_before({a.item, a.score}, {b.item, b.score});
}

/// Brings the `count` best to the front, in order, each weighed against those before it. Losses only grow, so
/// scores fall.
void choose_apart(const SuggestionTable& table, double twins, std::vector<Scored>& scored,
                  std::size_t count) {
  for (std::size_t next = 0; next < std::min(count, scored.size()); ++next) {
    const auto rest = scored.begin() + static_cast<std::ptrdiff_t>(next);
    std::iter_swap(rest, std::min_element(rest, scored.end(), before));
    for (std::size_t i = next + 1; i < scored.size(); ++i) {
      const double like = likeness(table, scored[i].row, scored[next].row);
      if (like <= scored[i].diversity.raw) continue;
      scored[i].score -= twins * (like - scored[i].diversity.raw);
      scored[i].diversity = {like, -twins * like};
    }
  }
}

std::string_view without_last_blank(std::string_view text) {
  if (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Whether the session has typed the text before and is not about to type it again.
bool is_old_news(std::string_view folded, std::string_view typed, const SessionEvidence& evidence) {
  return folded != typed &&
         std::binary_search(evidence.asked.begin(), evidence.asked.end(), folded, std::less<>());
}

}  // namespace

double match_quality(std::string_view folded_prefix, std::string_view folded) {
  const std::string_view typed = without_last_blank(folded_prefix);
  if (typed.empty() || folded.empty()) return 0;
  const bool ends_word = typed.size() >= folded.size() || folded[typed.size()] == ' ';
  const double share = std::min(1.0, static_cast<double>(typed.size()) / static_cast<double>(folded.size()));
  return 0.5 * share + (ends_word ? 0.5 : 0);
}

double damped(double z) {
  return std::copysign(std::log1p(std::abs(z)) / std::log(11.0), z);
}

double word_overlap(const SuggestionTable& table, Row row, const SessionEvidence& evidence) {
  if (evidence.words.empty() || std::binary_search(evidence.own_rows.begin(), evidence.own_rows.end(), row))
    return 0;
  double shared = 0;
  double all = 0;
  for (const auto word : table.words().words_of(row)) {
    const double telling = table.words().inverse_frequency(word);
    all += telling;
    shared += telling * evidence.weight_of(word);
  }
  return all > 0 ? shared / all : 0;
}

double likeness(const SuggestionTable& table, Row row, Row other) {
  const auto words = table.words().words_of(other);
  double shared = 0;
  double all = 0;
  for (const auto word : table.words().words_of(row)) {
    const double telling = table.words().inverse_frequency(word);
    all += telling;
    if (std::find(words.begin(), words.end(), word) != words.end()) shared += telling;
  }
  return all > 0 ? shared / all : 0;
}

std::vector<SuggestionHit> rank_suggestions(const SuggestionTable& table, const SuggestQuery& query,
                                            const SessionEvidence& evidence, const SuggestOptions& options) {
  const std::string_view typed = without_last_blank(query.folded_prefix);
  std::vector<Scored> scored;
  std::vector<ItemId> items;
  for (const Row row : suggestion_candidates(table, query.folded_prefix, evidence, query.allowed, options)) {
    const Suggestion suggestion = table[row];
    if (is_old_news(suggestion.folded, typed, evidence)) continue;
    Scored one{row, suggestion.item, 0, {}, {}, {}, {}, {}};
    one.popularity.raw = suggestion.weight;
    one.match.raw = match_quality(query.folded_prefix, suggestion.folded);
    one.words.raw = word_overlap(table, row, evidence);
    scored.push_back(one);
    items.push_back(suggestion.item);
  }
  if (evidence.score && !items.empty()) {
    std::vector<double> z(items.size());
    evidence.score(items, z);
    for (std::size_t i = 0; i < z.size(); ++i) scored[i].model = {z[i], options.model * damped(z[i])};
  }
  for (Scored& one : scored) {
    one.popularity.added = options.popularity * one.popularity.raw;
    one.match.added = options.match * one.match.raw;
    one.words.added = options.words * one.words.raw;
    one.score = one.popularity.added + one.match.added + one.model.added + one.words.added;
  }
  const auto kept = scored.begin() + static_cast<std::ptrdiff_t>(std::min(query.size, scored.size()));
  if (query.twins > 0) {
    choose_apart(table, query.twins, scored, query.size);
  } else {
    std::partial_sort(scored.begin(), kept, scored.end(), before);
  }

  std::vector<SuggestionHit> hits;
  for (auto one = scored.begin(); one != kept; ++one) {
    const Suggestion suggestion = table[one->row];
    hits.push_back({std::string(suggestion.text), std::string(suggestion.folded), one->item,
                    suggestion.source, one->score, one->popularity, one->match, one->model, one->words,
                    one->diversity});
  }
  return hits;
}

}  // namespace segue::query
