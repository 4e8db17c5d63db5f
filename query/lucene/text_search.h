#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/text/text_index.h"
#include "query/syntax/ast.h"
#include "query/syntax/parser.h"

namespace segue::query {

/// The scores that operator nodes of a tree have as clauses, by node: items in rising order, each once. The
/// nodes must be those of the very tree that is searched.
using OperatorScores = std::map<const syntax::Node*, std::vector<index::ScoredItem>>;

/// BM25 of one word of one item, with all that went into it. A clause that is no word (an attribute, a
/// prefix, a range) has its canonical text as `term`, its boost as the score, and no statistics:
/// document_frequency 0.
struct TermScore {
  std::string field;
  std::string term;      ///< as indexed
  double frequency = 0;  ///< tf in the item; of a phrase the number of (sloppy) matches
  std::uint64_t document_frequency = 0;
  std::int32_t length = 0;  ///< tokens of the item's field
  double idf = 0;
  double boost = 1;  ///< the product of the boosts around it
  double score = 0;  ///< boost included
};

/// What one leaf of the tree gave to an item.
struct LeafScore {
  const syntax::Node* node = nullptr;
  double score = 0;              ///< boosts included; 0 where a clause around it did not match
  std::vector<TermScore> terms;  ///< of a text leaf, one at least
};

/// The sum of leaves is the item's score.
struct ScoreBreakdown {
  double score = 0;
  std::vector<LeafScore> leaves;  ///< leaves that matched, in the order of the tree
};

struct TextHits {
  std::vector<index::ScoredItem> items;  ///< by (falling score, rising item)
  std::size_t total = 0;                 ///< all that match, exactly
};

/// Runs trees on a text index: lowers them to Lucene++ queries (BM25 by our own Query and Scorer; operators
/// as queries of scored items) and searches. The tree holds no Param nodes: they are bound before. Text
/// leaves are analysed here. Thread-safe; made once per snapshot.
///
/// Words and phrases of text fields score by BM25, a fuzzy word as the sum of at most 50 similar words times
/// their similarity. Whatever is all or nothing (values of attributes, numbers, prefixes, wildcards, ranges,
/// *:*) scores its boost, so that a rare value does not drown the words beside it. Boosts multiply down the
/// tree, exactly. A text of several tokens is a phrase; one without tokens drops its clause.
class TextSearch {
 public:
  explicit TextSearch(const index::TextIndex& index, index::Bm25Parameters parameters = {});
  ~TextSearch();

  /// Problems that only the index knows, such as a field that does not exist; with the ranges of the nodes.
  std::vector<syntax::Diagnostic> check(const syntax::Node& tree) const;
  /// The k best of `allowed` (null: all). A tree that has no positive clause matches nothing.
  TextHits search(const syntax::Node& tree, const OperatorScores& operators, const index::ItemSet* allowed,
                  std::size_t k) const;
  /// All items that match, for filters.
  index::ItemSet matches(const syntax::Node& tree, const OperatorScores& operators) const;
  /// Why the given items have the scores that they have: exact, leaf by leaf, in the order of items.
  std::vector<ScoreBreakdown> explain(const syntax::Node& tree, const OperatorScores& operators,
                                      std::span<const index::ItemId> items) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::query
