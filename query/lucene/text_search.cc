#include "query/lucene/text_search.h"

#include <algorithm>
#include <utility>

#include "index/text/lucene_reader_impl.h"
#include "index/text/lucene_strings_impl.h"
#include "index/text/text_index_impl.h"
#include "index/top_items.h"
#include "query/lucene/breakdown.h"
#include "query/lucene/field_check.h"
#include "query/lucene/lowering.h"
#include "query/lucene/lucene_queries_impl.h"

namespace segue::query {

using index::ItemId;
using index::ItemSet;

struct TextSearch::Impl {
  const index::TextIndex& index;
  index::Bm25Parameters parameters;
};

namespace {

using namespace Lucene;

/// Gives each document that matches to a function of (item, scorer).
template <class Take>
class ItemCollector : public Collector {
 public:
  explicit ItemCollector(Take* take) : take_(take) {}
  LUCENE_CLASS(ItemCollector<Take>);

  void setScorer(const ScorerPtr& scorer) override { scorer_ = scorer; }
  void setNextReader(const IndexReaderPtr&, std::int32_t base) override { base_ = base; }
  void collect(std::int32_t document) override { (*take_)(static_cast<ItemId>(base_ + document), *scorer_); }
  bool acceptsDocsOutOfOrder() override { return true; }

 private:
  Take* take_;
  ScorerPtr scorer_;
  std::int32_t base_ = 0;
};

QueryPtr to_lucene(const Lowered& query) {
  if (query.leaf != nullptr) return make_leaf_query(query.leaf, query.boost);
  QueryClauses clauses;
  clauses.reserve(query.clauses.size());
  for (const Lowered::Clause& clause : query.clauses)
    clauses.emplace_back(clause.occur, to_lucene(clause.query));
  return make_clauses_query(std::move(clauses), query.boost);
}

template <class Take>
void collect(const index::TextIndex& index, const Lowered& query, Take take) {
  const index::LuceneReader::Impl& reader = index.impl().reader.impl();
  index::translated(ErrorKind::kDamagedStore, "the search failed", reader.directory, "verify the store", [&] {
    reader.searcher->search(to_lucene(query), newLucene<ItemCollector<Take>>(&take));
  });
}

}  // namespace

TextSearch::TextSearch(const index::TextIndex& index, index::Bm25Parameters parameters)
    : impl_(std::make_unique<Impl>(Impl{index, parameters})) {}
TextSearch::~TextSearch() = default;

std::vector<syntax::Diagnostic> TextSearch::check(const syntax::Node& tree) const {
  return check_fields(tree, impl_->index);
}

TextHits TextSearch::search(const syntax::Node& tree, const OperatorScores& operators, const ItemSet* allowed,
                            std::size_t k) const {
  const std::optional<Lowered> query = lower(tree, {impl_->index, impl_->parameters, operators});
  if (!query) return {};
  if (const auto terms = as_disjunction(*query)) {
    index::RankedItems ranked = index::rank_disjunction(*terms, impl_->index.size(), allowed, k, true);
    return {std::move(ranked.items), ranked.total};
  }
  index::TopItems top(std::min(k, impl_->index.size()));
  TextHits hits;
  collect(impl_->index, *query, [&](ItemId item, Scorer& scorer) {
    if (allowed != nullptr && !allowed->contains(item)) return;
    ++hits.total;
    top.offer({item, scorer.score()});
  });
  hits.items = top.take();
  return hits;
}

ItemSet TextSearch::matches(const syntax::Node& tree, const OperatorScores& operators) const {
  ItemSet items(impl_->index.size());
  const std::optional<Lowered> query = lower(tree, {impl_->index, impl_->parameters, operators});
  if (query) collect(impl_->index, *query, [&](ItemId item, Scorer&) { items.insert(item); });
  return items;
}

std::vector<ScoreBreakdown> TextSearch::explain(const syntax::Node& tree, const OperatorScores& operators,
                                                std::span<const ItemId> items) const {
  const std::optional<Lowered> query = lower(tree, {impl_->index, impl_->parameters, operators});
  if (!query) return std::vector<ScoreBreakdown>(items.size());
  return break_down(*query, items);
}

}  // namespace segue::query
