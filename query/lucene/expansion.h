#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/item_set.h"
#include "index/text/text_index.h"
#include "query/syntax/ast.h"

namespace segue::query {

/// Patterns over the terms of a field, resolved against the index's dictionary. All walk the terms from the
/// first that can match; a pattern that begins with a wildcard, and a fuzzy word, walk all terms of the
/// field.

/// A fuzzy word becomes at most this many words of the index.
inline constexpr std::size_t kFuzzyTerms = 50;

/// Items with a term that begins with the text, or matches the pattern (syntax::Wildcard), or lies in the
/// range.
index::ItemSet items_with_prefix(const index::TextIndex& index, std::string_view field,
                                 std::string_view text);
index::ItemSet items_with_wildcard(const index::TextIndex& index, std::string_view field,
                                   std::string_view pattern);
index::ItemSet items_in_range(const index::TextIndex& index, std::string_view field,
                              const syntax::Range& range);

/// A term near a fuzzy word. similarity: 1 - distance / length of the shorter, in code points (Lucene 3.0).
struct SimilarTerm {
  std::string text;
  double similarity = 1;
};
/// The kFuzzyTerms most similar terms above the least similarity, best first, then by bytes.
std::vector<SimilarTerm> similar_terms(const index::TextIndex& index, std::string_view field,
                                       std::string_view text, double least_similarity);

/// The whole text as a finite number; a sign and an exponent may stand.
std::optional<double> parse_number(std::string_view text);

/// Does the pattern match the whole text? Time is their product at worst.
bool wildcard_matches(std::string_view pattern, std::string_view text);

}  // namespace segue::query
