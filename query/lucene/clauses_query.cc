#include <algorithm>
#include <functional>
#include <limits>

#include "query/lucene/lucene_queries_impl.h"

namespace segue::query {

using namespace Lucene;
using syntax::Occur;

namespace {

/// A clause's scorer, in the order of the clauses.
struct ScoredClause {
  Occur occur;
  ScorerPtr scorer;
};

/// Documents in which every required clause matches, or at least one optional where none is required, and no
/// prohibited one.
class ClausesScorer : public Scorer {
 public:
  ClausesScorer(const WeightPtr& parent, const std::vector<ScoredClause>& clauses)
      : Scorer(parent), clauses_(clauses) {
    weight = parent;
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      if (clauses_[i].occur == Occur::kMust) required_.push_back(clauses_[i].scorer.get());
      if (clauses_[i].occur == Occur::kMustNot) prohibited_.push_back(clauses_[i].scorer.get());
      if (clauses_[i].occur == Occur::kShould) waiting_.push_back({-1, i});
    }
    if (!required_.empty()) waiting_.clear();  // optional clauses then follow, they do not lead
  }
  LUCENE_CLASS(ClausesScorer);
  using Scorer::score;

  std::int32_t docID() override { return document_; }
  std::int32_t nextDoc() override { return advance(document_ + 1); }

  std::int32_t advance(std::int32_t target) override {
    for (;; target = document_ + 1) {
      document_ = required_.empty() ? advance_any(target) : advance_all(target);
      if (document_ == NO_MORE_DOCS || !is_prohibited()) return document_;
    }
  }

  double score() override {
    double sum = 0;
    for (const ScoredClause& clause : clauses_) {
      if (clause.occur == Occur::kMustNot) continue;
      if (clause.occur == Occur::kShould && at(*clause.scorer, document_) != document_) continue;
      sum += clause.scorer->score();
    }
    return sum;
  }

 private:
  struct Waiting {
    std::int32_t document;
    std::size_t clause;
    bool operator>(const Waiting& other) const { return document > other.document; }
  };

  // The scorer's first document at or after the target.
  static std::int32_t at(Scorer& scorer, std::int32_t target) {
    const std::int32_t document = scorer.docID();
    return document < target ? scorer.advance(target) : document;
  }

  std::int32_t advance_all(std::int32_t target) {
    for (std::size_t agreed = 0; agreed < required_.size();) {
      if (target == NO_MORE_DOCS) return NO_MORE_DOCS;
      agreed = 0;
      for (Scorer* scorer : required_) {
        const std::int32_t document = at(*scorer, target);
        if (document != target) {
          target = document;
          break;
        }
        ++agreed;
      }
    }
    return target;
  }

  // waiting_ is a heap by document, the least in front.
  std::int32_t advance_any(std::int32_t target) {
    while (!waiting_.empty() && waiting_.front().document < target) {
      std::pop_heap(waiting_.begin(), waiting_.end(), std::greater<>());
      Waiting& last = waiting_.back();
      last.document = at(*clauses_[last.clause].scorer, target);
      if (last.document == NO_MORE_DOCS) {
        waiting_.pop_back();
      } else {
        std::push_heap(waiting_.begin(), waiting_.end(), std::greater<>());
      }
    }
    return waiting_.empty() ? NO_MORE_DOCS : waiting_.front().document;
  }

  bool is_prohibited() {
    return std::any_of(prohibited_.begin(), prohibited_.end(),
                       [&](Scorer* scorer) { return at(*scorer, document_) == document_; });
  }

  std::vector<ScoredClause> clauses_;
  std::vector<Scorer*> required_;
  std::vector<Scorer*> prohibited_;
  std::vector<Waiting> waiting_;
  std::int32_t document_ = -1;
};

class ClausesQuery : public Query {
 public:
  ClausesQuery() = default;
  explicit ClausesQuery(const QueryClauses& clauses) : clauses_(clauses) {}
  LUCENE_CLASS(ClausesQuery);
  using Query::toString;

  WeightPtr createWeight(const SearcherPtr& searcher) override;

  QueryPtr rewrite(const IndexReaderPtr& reader) override {
    QueryClauses rewritten = clauses_;
    for (auto& [occur, query] : rewritten) query = query->rewrite(reader);
    if (rewritten == clauses_) return shared_from_this();
    return make_clauses_query(std::move(rewritten), getBoost());
  }
  void extractTerms(SetTerm terms) override {
    for (const auto& [occur, query] : clauses_) query->extractTerms(terms);
  }
  String toString(const String& field) override {
    String text = L"(";
    for (const auto& [occur, query] : clauses_) {
      if (text.size() > 1) text += L" ";
      text += occur == Occur::kMust ? L"+" : occur == Occur::kMustNot ? L"-" : L"";
      text += query->toString(field);
    }
    return text + L")" + boostString();
  }
  LuceneObjectPtr clone(const LuceneObjectPtr& other) override {
    const LuceneObjectPtr copy = Query::clone(other ? other : newLucene<ClausesQuery>());
    boost::dynamic_pointer_cast<ClausesQuery>(copy)->clauses_ = clauses_;
    return copy;
  }
  bool equals(const LuceneObjectPtr& other) override {
    const auto query = boost::dynamic_pointer_cast<ClausesQuery>(other);
    return query && query->getBoost() == getBoost() &&
           std::equal(
               clauses_.begin(), clauses_.end(), query->clauses_.begin(), query->clauses_.end(),
               [](const auto& a, const auto& b) { return a.first == b.first && a.second->equals(b.second); });
  }
  std::int32_t hashCode() override {
    auto hash = static_cast<std::uint32_t>(clauses_.size());
    for (const auto& [occur, query] : clauses_)
      hash = hash * 31 + static_cast<std::uint32_t>(query->hashCode());
    return static_cast<std::int32_t>(hash);
  }

  const QueryClauses& clauses() const { return clauses_; }

 private:
  QueryClauses clauses_;
};

class ClausesWeight : public Weight {
 public:
  ClausesWeight(const boost::shared_ptr<ClausesQuery>& query, const SearcherPtr& searcher) : query_(query) {
    for (const auto& [occur, clause] : query->clauses()) weights_.push_back(clause->createWeight(searcher));
  }
  LUCENE_CLASS(ClausesWeight);

  QueryPtr getQuery() override { return query_; }
  double getValue() override { return query_->getBoost(); }
  double sumOfSquaredWeights() override {
    double sum = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const double squares = weights_[i]->sumOfSquaredWeights();
      if (query_->clauses()[i].first != Occur::kMustNot) sum += squares;
    }
    return sum * query_->getBoost() * query_->getBoost();
  }
  void normalize(double norm) override {
    for (const WeightPtr& weight : weights_) weight->normalize(norm * query_->getBoost());
  }
  ScorerPtr scorer(const IndexReaderPtr& reader, bool, bool) override {
    std::vector<ScoredClause> scorers;
    bool positive = false;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const Occur occur = query_->clauses()[i].first;
      const ScorerPtr scorer = weights_[i]->scorer(reader, true, false);
      if (!scorer && occur == Occur::kMust) return ScorerPtr();
      if (!scorer) continue;
      positive = positive || occur != Occur::kMustNot;
      scorers.push_back({occur, scorer});
    }
    if (!positive) return ScorerPtr();
    return newLucene<ClausesScorer>(shared_from_this(), scorers);
  }
  ExplanationPtr explain(const IndexReaderPtr& reader, std::int32_t doc) override {
    const ScorerPtr scorer = this->scorer(reader, true, false);
    if (!scorer || scorer->advance(doc) != doc) return newLucene<Explanation>(0.0, L"no match");
    const ExplanationPtr sum = newLucene<Explanation>(scorer->score(), L"sum of:");
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (query_->clauses()[i].first == Occur::kMustNot) continue;
      const ExplanationPtr part = weights_[i]->explain(reader, doc);
      if (part->getValue() != 0) sum->addDetail(part);
    }
    return sum;
  }

 private:
  boost::shared_ptr<ClausesQuery> query_;
  std::vector<WeightPtr> weights_;
};

WeightPtr ClausesQuery::createWeight(const SearcherPtr& searcher) {
  return newLucene<ClausesWeight>(shared_from_this(), searcher);
}

}  // namespace

QueryPtr make_clauses_query(QueryClauses clauses, double boost) {
  const boost::shared_ptr<ClausesQuery> query = newLucene<ClausesQuery>(clauses);
  query->setBoost(boost);
  return query;
}

}  // namespace segue::query
