#pragma once

#include <memory>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/text/bm25.h"
#include "index/text/lucene_reader.h"
#include "index/text/postings.h"
#include "query/lucene/text_search.h"

namespace segue::query {

/// Walks the items that a leaf matches, in rising order. One per thread; views its leaf.
class Cursor {
 public:
  virtual ~Cursor() = default;
  /// The first match at or after `target`, kNoItem when there is none. Targets never fall.
  virtual index::ItemId seek(index::ItemId target) = 0;
  /// Of the match that seek() gave, boost included.
  virtual double score() const = 0;
};

/// A node of a query tree without clauses, resolved against one index: what it matches and with which score.
/// Immutable, thread-safe.
class Leaf {
 public:
  virtual ~Leaf() = default;
  virtual std::unique_ptr<Cursor> cursor(double boost) const = 0;
  /// How words made the score of an item that matches; empty for leaves that are no words.
  virtual std::vector<TermScore> explain(index::ItemId item, double boost) const;
  /// Adds the leaf to a disjunction of terms and says true, if it is nothing else; false changes nothing.
  virtual bool add_to_disjunction(double boost, std::vector<index::WeightedPostings>& terms) const;
};

using SharedLeaf = std::shared_ptr<const Leaf>;

/// A word of a text field; boost is its own, beside that of the tree (a fuzzy word's similarity).
struct BoostedTerm {
  std::string field;
  std::string text;
  double boost = 1;
  double idf = 0;
  index::SharedPostings postings;
  index::Bm25Saturation saturation;
};

/// At least one of the words; the score is the sum over words of boost * BM25, in their order.
SharedLeaf make_terms_leaf(std::vector<BoostedTerm> terms);

/// A phrase: BM25 with the number of matches as the frequency and the sum of its words' idfs as idf.
struct PhraseStatistics {
  std::string field;
  std::string text;  ///< its words, joined by blanks
  double idf = 0;
  std::uint64_t document_frequency = 0;
  index::Bm25Saturation saturation;
};
SharedLeaf make_phrase_leaf(std::vector<index::PhraseMatch> matches, PhraseStatistics statistics);

/// Leaves whose matches all score 1 times the boost.
SharedLeaf make_constant_leaf(index::SharedPostings postings);
SharedLeaf make_constant_leaf(index::ItemSet items);
SharedLeaf make_all_items_leaf(std::size_t size);

/// Items with the scores that an operator gave. Views them: they must outlive the leaf.
SharedLeaf make_scored_leaf(std::span<const index::ScoredItem> items);

/// Matches nothing.
SharedLeaf make_empty_leaf();

}  // namespace segue::query
