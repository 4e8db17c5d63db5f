#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/text/postings.h"
#include "index/text/text_index.h"

namespace segue::index {

/// ln(1 + (N - df + .5) / (df + .5)), above 0 for every df up to N.
double bm25_idf(std::uint64_t documents, std::uint64_t document_frequency);

/// The part of BM25 that depends on an item: tf / (tf + k1 (1 - b + b length / average)), Lucene's form of
/// Robertson and Zaragoza 2009 without the factor k1 + 1. Keeps a view of the lengths.
class Bm25Saturation {
 public:
  Bm25Saturation() = default;
  Bm25Saturation(std::span<const std::int32_t> lengths, const FieldStatistics& statistics,
                 Bm25Parameters parameters)
      : lengths_(lengths),
        constant_(parameters.k1 * (1 - parameters.b)),
        slope_(statistics.average_length > 0 ? parameters.k1 * parameters.b / statistics.average_length : 0) {
  }

  double operator()(double frequency, ItemId item) const { return of(frequency, lengths_[item]); }
  /// The same for a length that is given; rises with the frequency and falls with the length.
  double of(double frequency, std::int32_t length) const {
    return frequency / (frequency + constant_ + slope_ * length);
  }
  std::int32_t length(ItemId item) const { return lengths_[item]; }

 private:
  std::span<const std::int32_t> lengths_;
  double constant_ = 0;
  double slope_ = 0;
};

/// One term of a disjunction: an item that holds it scores weight * saturation. weight is boost * idf,
/// finite.
struct WeightedPostings {
  SharedPostings postings;
  Bm25Saturation saturation;
  double weight = 1;

  /// No item scores more by this term.
  double bound() const {
    return weight > 0 ? weight * saturation.of(postings->max_frequency, postings->min_length) : 0;
  }
};

struct RankedItems {
  std::vector<ScoredItem> items;  ///< by (falling score, rising item)
  std::size_t total = 0;          ///< all allowed items that hold a term
};

/// The k best items that hold at least one term, scored by the sum over terms in their order. size: of the
/// catalogue; allowed: null for all. Without count_all, total is 0 and words that cannot bring an item among
/// the k best are looked up only for those that others bring; the items are the same. Thread-safe.
RankedItems rank_disjunction(std::span<const WeightedPostings> terms, std::size_t size,
                             const ItemSet* allowed, std::size_t k, bool count_all);

}  // namespace segue::index
