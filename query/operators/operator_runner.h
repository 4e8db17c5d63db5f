#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/event.h"
#include "index/item.h"
#include "index/item_set.h"
#include "index/snapshot/snapshot.h"
#include "query/explanation.h"
#include "query/fusion.h"
#include "query/limits.h"
#include "query/lucene/text_search.h"
#include "query/moment.h"
#include "query/operators/session_ranker.h"
#include "query/params.h"
#include "query/search_types.h"
#include "query/syntax/ast.h"

namespace segue::query {

/// What every operator of one request sees. References are valid for the request.
struct RunContext {
  const index::Snapshot& snapshot;
  const TextSearch& text;
  const Limits& limits;
  const Params& params;
  const index::ItemSet& allowed;  ///< kind and filter: inside every leg
  index::ItemGroup group = index::ItemGroup::kSearchable;
  const std::vector<index::Event>* user_session = nullptr;
  const Moment& moment;
  std::vector<syntax::Diagnostic>& diagnostics;
  std::size_t& skipped;
};

/// One operator, or one leg of a hybrid, after it ran.
struct RunLeg {
  std::string name;
  const syntax::Node* node = nullptr;    ///< the operator, or the body of a hybrid that is plain text
  std::vector<index::ScoredItem> items;  ///< raw scores, by (falling score, rising item)
  std::size_t top_k = 0;

  std::vector<RunLeg> parts;     ///< of a hybrid
  std::vector<FusedItem> fused;  ///< of a hybrid, in the order of items
  OperatorScores operators;      ///< of a text leg with operators inside: their scores
  std::shared_ptr<const SessionRanker> session;
  const index::VectorIndex* vectors = nullptr;
  index::ItemId like = index::kNoItem;

  /// What it is as a clause: items in rising order with 1 - (rank - 1) / top_k.
  std::vector<index::ScoredItem> as_clause() const;
};

/// The operators of a tree that are not inside another operator's body, in the order of the text.
std::vector<const syntax::Node*> outer_operators(const syntax::Node& tree);

/// Checks and runs one operator and all inside it. standard_top_k: what topK is when the query does not say
/// (0: the table's default). Empty after an error, which is in the diagnostics.
std::optional<RunLeg> run_operator(const syntax::Node& node, const RunContext& context,
                                   std::size_t standard_top_k = 0);

/// Runs the outer operators of a tree. False after an error.
bool run_operators(const syntax::Node& tree, const RunContext& context, std::vector<RunLeg>& legs);

/// The sub-scores of an item in a leg, the hybrid's own before those of its parts; nothing when the leg does
/// not hold it. factor: the boosts around the operator.
void append_hit_legs(const RunLeg& leg, index::ItemId item, double factor, std::vector<HitLeg>& out);

/// Why a leg holds an item.
void explain_leg(const RunLeg& leg, index::ItemId item, const RunContext& context, Explanation& out);

}  // namespace segue::query
