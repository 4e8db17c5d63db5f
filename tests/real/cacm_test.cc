#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "index/text/text_index.h"
#include "tests/index/text_corpus.h"
#include "tests/real/data_folder.h"
#include "tests/real/tar_gz.h"

// CACM: 3,204 abstracts, 64 topics of which 52 are judged, as Anserini ships them. Its BM25 (k1 .9, b .4,
// Java Lucene's English analysis, 1,000 hits) gives MAP .3123 and P@30 .1942.

namespace segue {
namespace {

using Judgements = std::map<std::string, std::set<std::string>>;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The text of a page: what stands outside tags. A "<" before a blank or a digit is one of the abstract's own.
std::string without_tags(const std::string& page) {
  std::string text;
  for (std::size_t at = 0; at < page.size(); ++at) {
    const bool tag = page[at] == '<' && at + 1 < page.size() &&
                     (page[at + 1] == '/' || std::isalpha(static_cast<unsigned char>(page[at + 1])));
    if (tag) at = std::min(page.find('>', at), page.size());
    text.push_back(tag ? ' ' : page[at]);
  }
  return text;
}

std::vector<index::Item> pages() {
  std::vector<index::Item> items;
  for (const auto& [name, page] : real::read_tar_gz(real::data_file("cacm/cacm.tar.gz"))) {
    items.push_back(index::testing::item(name.substr(0, name.find('.')), "", without_tags(page)));
  }
  return items;
}

// <DOC> <DOCNO> 1 </DOCNO> text </DOC> ...
std::map<std::string, std::string> topics() {
  const std::string text = read(real::data_file("cacm/topics.cacm.txt"));
  std::map<std::string, std::string> topics;
  for (std::size_t at = text.find("<DOCNO>"); at != std::string::npos; at = text.find("<DOCNO>", at)) {
    at += 7;
    const std::size_t number_end = text.find("</DOCNO>", at);
    const std::size_t end = text.find("</DOC>", number_end);
    topics[std::to_string(std::stoi(text.substr(at, number_end - at)))] =
        text.substr(number_end + 8, end - number_end - 8);
    at = end;
  }
  return topics;
}

Judgements judgements() {
  std::istringstream in(read(real::data_file("cacm/qrels.cacm.txt")));
  Judgements relevant;
  std::string topic, iteration, document;
  for (int grade = 0; in >> topic >> iteration >> document >> grade;) {
    if (grade > 0) relevant[topic].insert(document);
  }
  return relevant;
}

struct Accuracy {
  double map = 0;
  double precision_at_30 = 0;
};

// As trec_eval computes them: means over the judged topics; documents judged and not found count against.
Accuracy evaluate(const index::testing::Indexed& indexed) {
  const std::map<std::string, std::string> texts = topics();
  const Judgements relevant = judgements();
  Accuracy sum;
  for (const auto& [topic, documents] : relevant) {
    std::vector<index::TextIndex::WeightedToken> query;
    for (const std::string& token : indexed.index->analyze(texts.at(topic))) query.push_back({token, 1});
    const auto hits = indexed.index->score_words(query, index::kDefaultField, 1000, nullptr);
    double found = 0;
    double precisions = 0;
    for (std::size_t rank = 1; rank <= hits.size(); ++rank) {
      if (!documents.contains(std::string(indexed.catalogue.id(hits[rank - 1].item)))) continue;
      found += 1;
      precisions += found / static_cast<double>(rank);
      if (rank <= 30) sum.precision_at_30 += 1.0 / 30;
    }
    sum.map += precisions / static_cast<double>(documents.size());
  }
  const auto count = static_cast<double>(relevant.size());
  return {sum.map / count, sum.precision_at_30 / count};
}

TEST(Cacm, IsRankedAsPublishedBm25RanksIt) {
  for (const char* file : {"cacm/cacm.tar.gz", "cacm/topics.cacm.txt", "cacm/qrels.cacm.txt"})
    SEGUE_NEEDS_DATA(file);
  const index::testing::Indexed indexed(pages(), "english");
  ASSERT_EQ(indexed.catalogue.size(), 3204u);
  ASSERT_EQ(judgements().size(), 52u);
  const Accuracy accuracy = evaluate(indexed);
  RecordProperty("map", std::to_string(accuracy.map));
  RecordProperty("precision_at_30", std::to_string(accuracy.precision_at_30));
  EXPECT_NEAR(accuracy.map, 0.3123, 0.005);
  EXPECT_NEAR(accuracy.precision_at_30, 0.1942, 0.005);
}

}  // namespace
}  // namespace segue
