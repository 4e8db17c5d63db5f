#pragma once

#include <optional>
#include <vector>

#include "index/text/text_index.h"
#include "query/lucene/leaf.h"
#include "query/lucene/text_search.h"
#include "query/syntax/ast.h"

namespace segue::query {

/// A tree resolved against an index: fields inherited, texts analysed, patterns expanded. Either a leaf or
/// clauses.
struct Lowered {
  struct Clause;

  const syntax::Node* node = nullptr;
  double boost = 1;             ///< of this node alone
  SharedLeaf leaf;              ///< null: the clauses stand
  std::vector<Clause> clauses;  ///< match by the rules of a boolean query; none match nothing
};
struct Lowered::Clause {
  syntax::Occur occur = syntax::Occur::kShould;
  Lowered query;
};

/// What lowering needs beside the tree. Operators without scores match nothing.
struct LoweringContext {
  const index::TextIndex& index;
  index::Bm25Parameters parameters;
  const OperatorScores& operators;
};

/// As Lucene's classic parser reads it, a text of several tokens is a phrase, and a text without tokens (stop
/// words) drops its clause; a group whose clauses all dropped drops too. nullopt: the whole tree dropped, it
/// matches nothing. Views node and the operators' scores, which must outlive the result.
std::optional<Lowered> lower(const syntax::Node& node, const LoweringContext& context);

/// The leaves of a tree that is nothing but words joined by OR, as a disjunction with all boosts in its
/// weights. nullopt for any other tree.
std::optional<std::vector<index::WeightedPostings>> as_disjunction(const Lowered& query);

}  // namespace segue::query
