#include "index/text/lucene_reader.h"

#include <algorithm>

#include "index/text/lucene_reader_impl.h"
#include "index/text/lucene_strings_impl.h"
#include "index/text/lucene_warm_up.h"

namespace segue::index {

using namespace Lucene;

namespace {

constexpr std::string_view kMend = "verify the store, roll back or reindex";

template <class Body>
auto reading(const std::string& directory, Body&& body) {
  return translated(ErrorKind::kDamagedStore, "cannot read the text index", directory, kMend, body);
}

class UnitIdf : public IDFExplanation {
 public:
  LUCENE_CLASS(UnitIdf);
  double getIdf() override { return 1; }
  String explain() override { return L"1"; }
};

// A similarity whose every factor is 1, and tf the frequency itself: scores are then what our own scorers
// say, boosts multiply exactly, and Lucene++'s phrase scorers give frequencies.
class NeutralSimilarity : public Similarity {
 public:
  LUCENE_CLASS(NeutralSimilarity);

  double lengthNorm(const String&, std::int32_t) override { return 1; }
  double queryNorm(double) override { return 1; }
  double sloppyFreq(std::int32_t distance) override { return 1.0 / (distance + 1); }
  double tf(double frequency) override { return frequency; }
  double idf(std::int32_t, std::int32_t) override { return 1; }
  double coord(std::int32_t, std::int32_t) override { return 1; }
  IDFExplanationPtr idfExplain(const TermPtr&, const SearcherPtr&) override { return newLucene<UnitIdf>(); }
  IDFExplanationPtr idfExplain(Collection<TermPtr>, const SearcherPtr&) override {
    return newLucene<UnitIdf>();
  }
};

// Gathers documents with their scores; document numbers are global since there is one segment.
class PhraseCollector : public Collector {
 public:
  explicit PhraseCollector(std::vector<PhraseMatch>* matches) : matches_(matches) {}
  LUCENE_CLASS(PhraseCollector);

  void setScorer(const ScorerPtr& scorer) override { scorer_ = scorer; }
  void collect(std::int32_t doc) override {
    matches_->push_back({static_cast<ItemId>(doc), scorer_->score()});
  }
  void setNextReader(const IndexReaderPtr&, std::int32_t) override {}
  bool acceptsDocsOutOfOrder() override { return false; }

 private:
  std::vector<PhraseMatch>* matches_;
  ScorerPtr scorer_;
};

}  // namespace

LuceneReader::LuceneReader(const std::filesystem::path& directory)
    : impl_(std::make_unique<Impl>(directory)) {
  ensure_lucene_warm();
  reading(impl_->directory, [&] {
    const DirectoryPtr files =
        newLucene<MMapDirectory>(impl_->named.wide(), NoLockFactory::getNoLockFactory());
    impl_->reader = IndexReader::open(files, true);
    if (impl_->reader->getSequentialSubReaders().size() > 1 || impl_->reader->hasDeletions()) {
      throw Error(ErrorKind::kDamagedStore, "the text index is not one segment without deletions",
                  impl_->directory, kMend);
    }
    const auto segments = impl_->reader->getSequentialSubReaders();
    impl_->segment = segments.empty() ? impl_->reader : segments[0];
    impl_->searcher = newLucene<IndexSearcher>(impl_->reader);
    impl_->searcher->setSimilarity(newLucene<NeutralSimilarity>());
  });
}

LuceneReader::~LuceneReader() {
  try {
    if (impl_->searcher) impl_->searcher->close();
    if (impl_->reader) impl_->reader->close();
  } catch (const std::exception&) {
    // Read-only: there is nothing left to lose.
  }
}

std::size_t LuceneReader::size() const {
  return static_cast<std::size_t>(impl_->reader->maxDoc());
}

namespace {

// Calls visit(documents, frequencies, count) with blocks of postings.
template <class Visit>
void for_each_block(const TermDocsPtr& postings, Visit&& visit) {
  constexpr std::int32_t kBlock = 512;
  Collection<std::int32_t> documents = Collection<std::int32_t>::newInstance(kBlock);
  Collection<std::int32_t> frequencies = Collection<std::int32_t>::newInstance(kBlock);
  while (const std::int32_t count = postings->read(documents, frequencies)) {
    visit(&documents[0], &frequencies[0], static_cast<std::size_t>(count));
  }
}

// Calls visit(enumeration, text) with the terms of a field from `from` on, until it returns false.
template <class Visit>
void for_each_term(const IndexReaderPtr& reader, std::string_view field, std::string_view from,
                   Visit&& visit) {
  const String wide_field = to_wide(field);
  const TermEnumPtr terms = reader->terms(newLucene<Term>(wide_field, to_wide_value(from)));
  do {
    const TermPtr term = terms->term();
    if (!term || term->field() != wide_field || !visit(terms, to_utf8(term->text()))) break;
  } while (terms->next());
  terms->close();
}

TermPtr exact_term(std::string_view field, std::string_view term) {
  return newLucene<Term>(to_wide(field), to_wide_value(term));
}

}  // namespace

Postings LuceneReader::postings(std::string_view field, std::string_view term, bool frequencies,
                                const ItemSet& countable) const {
  return reading(impl_->directory, [&] {
    Postings result;
    const TermPtr exact = exact_term(field, term);
    const auto expected = static_cast<std::size_t>(impl_->segment->docFreq(exact));
    if (expected == 0) return result;
    result.items.reserve(expected);
    if (frequencies) result.frequencies.reserve(expected);
    const TermDocsPtr found = impl_->segment->termDocs(exact);
    for_each_block(found, [&](const std::int32_t* docs, const std::int32_t* tfs, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        const auto item = static_cast<ItemId>(docs[i]);
        result.items.push_back(item);
        result.document_frequency += countable.contains(item) ? 1 : 0;
        if (frequencies) result.frequencies.push_back(static_cast<std::uint32_t>(tfs[i]));
      }
    });
    return result;
  });
}

void LuceneReader::terms(std::string_view field, std::string_view from,
                         const std::function<bool(std::string_view)>& visit) const {
  reading(impl_->directory, [&] {
    for_each_term(impl_->segment, field, from,
                  [&](const TermEnumPtr&, std::string_view term) { return visit(term); });
  });
}

ItemSet LuceneReader::items_of_terms(std::string_view field, std::string_view from,
                                     const std::function<TermStep(std::string_view)>& select) const {
  return reading(impl_->directory, [&] {
    ItemSet items(size());
    const TermDocsPtr postings = impl_->segment->termDocs();
    for_each_term(impl_->segment, field, from, [&](const TermEnumPtr& terms, std::string_view term) {
      const TermStep step = select(term);
      if (step != TermStep::kTake) return step == TermStep::kSkip;
      postings->seek(terms);  // the enumeration knows where the postings are: no look-up
      for_each_block(postings, [&](const std::int32_t* docs, const std::int32_t*, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) items.insert(static_cast<ItemId>(docs[i]));
      });
      return true;
    });
    postings->close();
    return items;
  });
}

std::vector<PhraseMatch> LuceneReader::phrase(std::string_view field, std::span<const Token> tokens,
                                              int slop) const {
  return reading(impl_->directory, [&] {
    const PhraseQueryPtr query = newLucene<PhraseQuery>();
    query->setSlop(std::max(slop, 0));
    const String wide_field = to_wide(field);
    for (const Token& token : tokens) {
      query->add(newLucene<Term>(wide_field, to_wide_value(token.text)),
                 token.position - tokens.front().position);
    }
    std::vector<PhraseMatch> matches;
    impl_->searcher->search(query, newLucene<PhraseCollector>(&matches));
    return matches;
  });
}

ItemSet LuceneReader::numbers(std::string_view field, const NumberRange& range) const {
  return reading(impl_->directory, [&] {
    ItemSet items(size());
    const FilterPtr filter = NumericRangeFilter::newDoubleRange(to_wide(field), kPrecisionStep, range.low,
                                                                range.high, range.inclusive, range.inclusive);
    const DocIdSetPtr matched = filter->getDocIdSet(impl_->segment);
    if (const DocIdSetIteratorPtr it = matched ? matched->iterator() : DocIdSetIteratorPtr()) {
      for (std::int32_t doc = it->nextDoc(); doc != DocIdSetIterator::NO_MORE_DOCS; doc = it->nextDoc()) {
        items.insert(static_cast<ItemId>(doc));
      }
    }
    return items;
  });
}

}  // namespace segue::index
