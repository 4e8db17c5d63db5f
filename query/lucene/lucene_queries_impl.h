#pragma once

#include <string>
#include <utility>
#include <vector>

#include "index/text/lucene_impl.h"
#include "query/lucene/leaf.h"
#include "query/syntax/ast.h"

namespace segue::query {

/// A leaf as a query of Lucene++: BM25 words, phrases, constant sets, operators. Document numbers must be
/// items: it serves readers of one segment. Needs a similarity whose queryNorm is 1 for scores to be BM25's.
Lucene::QueryPtr make_leaf_query(SharedLeaf leaf, double boost);

/// Clauses as Lucene++'s BooleanQuery has them without coord, but for two things: the number of clauses is
/// not limited, and the score adds the clauses in their order, so that items alike score alike to the last
/// bit and ties stay ties. The clauses may be any queries.
using QueryClauses = std::vector<std::pair<syntax::Occur, Lucene::QueryPtr>>;
Lucene::QueryPtr make_clauses_query(QueryClauses clauses, double boost);

}  // namespace segue::query
