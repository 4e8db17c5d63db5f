#include "index/text/lucene_warm_up.h"

#include <mutex>

#include "index/text/lucene_strings_impl.h"

namespace segue::index {
namespace {

using namespace Lucene;

IndexWriterPtr memory_writer(const DirectoryPtr& directory, const AnalyzerPtr& analyzer) {
  return newLucene<IndexWriter>(directory, analyzer, true, IndexWriter::MaxFieldLengthUNLIMITED);
}

// Indexes, parses and searches with each kind of query once.
void touch_everything() {
  const RAMDirectoryPtr directory = newLucene<RAMDirectory>();
  const AnalyzerPtr analyzer = newLucene<StandardAnalyzer>(LuceneVersion::LUCENE_30);
  const IndexWriterPtr writer = memory_writer(directory, analyzer);
  writer->setMergeScheduler(newLucene<SerialMergeScheduler>());
  for (int i = 0; i < 3; ++i) {
    const DocumentPtr document = newLucene<Document>();
    document->add(
        newLucene<Field>(L"text", L"one two three", Field::STORE_NO, Field::INDEX_ANALYZED_NO_NORMS));
    document->add(newLucene<Field>(L"exact", L"one", Field::STORE_NO, Field::INDEX_NOT_ANALYZED_NO_NORMS));
    document->add(newLucene<NumericField>(L"number")->setDoubleValue(i));
    writer->addDocument(document);
    writer->commit();
  }
  writer->optimize();
  writer->close();

  const IndexReaderPtr reader = IndexReader::open(directory, true);
  const IndexSearcherPtr searcher = newLucene<IndexSearcher>(reader);
  const QueryParserPtr parser = newLucene<QueryParser>(LuceneVersion::LUCENE_30, L"text", analyzer);
  for (const wchar_t* text : {L"one", L"\"one two\"", L"\"two one\"~3", L"t*", L"t?o", L"twoo~0.5",
                              L"[a TO z]", L"*:*", L"+one -(four five) six", L"+one +two"}) {
    searcher->search(parser->parse(text), 2);
  }
  searcher->search(NumericRangeQuery::newDoubleRange(L"number", 0, 1, true, true), 2);
  searcher->search(
      newLucene<ConstantScoreQuery>(NumericRangeFilter::newDoubleRange(L"number", 8, 0, 1, true, true)), 2);
  searcher->close();
  reader->close();
}

}  // namespace

void ensure_lucene_warm() {
  static std::once_flag once;
  std::call_once(once,
                 [] { translated(ErrorKind::kResource, "cannot start Lucene++", {}, {}, touch_everything); });
}

}  // namespace segue::index
