#include "query/lucene/lucene_queries_impl.h"

namespace segue::query {

using namespace Lucene;

namespace {

constexpr std::int32_t document_of(index::ItemId item) {
  return item == index::kNoItem ? std::numeric_limits<std::int32_t>::max() : static_cast<std::int32_t>(item);
}

class LeafScorer : public Scorer {
 public:
  LeafScorer(const WeightPtr& parent, const boost::shared_ptr<Cursor>& cursor)
      : Scorer(parent), cursor_(cursor) {
    weight = parent;
  }
  LUCENE_CLASS(LeafScorer);
  using Scorer::score;

  std::int32_t docID() override { return document_; }
  std::int32_t nextDoc() override { return advance(document_ + 1); }
  std::int32_t advance(std::int32_t target) override {
    if (target == NO_MORE_DOCS) return document_ = NO_MORE_DOCS;
    return document_ = document_of(cursor_->seek(static_cast<index::ItemId>(target)));
  }
  double score() override { return cursor_->score(); }

 private:
  boost::shared_ptr<Cursor> cursor_;
  std::int32_t document_ = -1;
};

class LeafQuery : public Query {
 public:
  LeafQuery() = default;
  explicit LeafQuery(const SharedLeaf& leaf) : leaf_(leaf) {}
  LUCENE_CLASS(LeafQuery);
  using Query::toString;

  WeightPtr createWeight(const SearcherPtr& searcher) override;
  void extractTerms(SetTerm) override {}
  String toString(const String&) override { return L"leaf" + boostString(); }
  LuceneObjectPtr clone(const LuceneObjectPtr& other) override {
    const LuceneObjectPtr copy = Query::clone(other ? other : newLucene<LeafQuery>());
    boost::dynamic_pointer_cast<LeafQuery>(copy)->leaf_ = leaf_;
    return copy;
  }
  // Queries are equal when they share their leaf: Query::equals looks at type and boost alone.
  bool equals(const LuceneObjectPtr& other) override {
    const auto query = boost::dynamic_pointer_cast<LeafQuery>(other);
    return query && query->leaf_ == leaf_ && query->getBoost() == getBoost();
  }
  std::int32_t hashCode() override {
    return static_cast<std::int32_t>(std::hash<const Leaf*>()(leaf_.get()));
  }

  const SharedLeaf& leaf() const { return leaf_; }

 private:
  SharedLeaf leaf_;
};

class LeafWeight : public Weight {
 public:
  explicit LeafWeight(const boost::shared_ptr<LeafQuery>& query) : query_(query), value_(query->getBoost()) {}
  LUCENE_CLASS(LeafWeight);

  QueryPtr getQuery() override { return query_; }
  double getValue() override { return value_; }
  double sumOfSquaredWeights() override { return query_->getBoost() * query_->getBoost(); }
  void normalize(double norm) override { value_ = query_->getBoost() * norm; }
  ScorerPtr scorer(const IndexReaderPtr&, bool, bool) override {
    return newLucene<LeafScorer>(shared_from_this(),
                                 boost::shared_ptr<Cursor>(query_->leaf()->cursor(value_)));
  }
  ExplanationPtr explain(const IndexReaderPtr&, std::int32_t doc) override {
    const auto item = static_cast<index::ItemId>(doc);
    const std::unique_ptr<Cursor> cursor = query_->leaf()->cursor(value_);
    const bool found = cursor->seek(item) == item;
    return newLucene<Explanation>(found ? cursor->score() : 0, found ? L"leaf, boost included" : L"no match");
  }

 private:
  boost::shared_ptr<LeafQuery> query_;
  double value_;
};

WeightPtr LeafQuery::createWeight(const SearcherPtr&) {
  return newLucene<LeafWeight>(shared_from_this());
}

}  // namespace

QueryPtr make_leaf_query(SharedLeaf leaf, double boost) {
  const boost::shared_ptr<LeafQuery> query = newLucene<LeafQuery>(leaf);
  query->setBoost(boost);
  return query;
}

}  // namespace segue::query
