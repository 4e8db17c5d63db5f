#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/text/text_index.h"
#include "query/lucene/text_search.h"
#include "query/syntax/ast.h"

namespace segue::query::testing {

/// ---------------------------------------------------------------------------------------------------------------
/// The naive reading of query trees, in plain loops over the items' texts: slow, obvious, linked into tests
/// alone. It knows the analyzer "simple" on ASCII, and phrases without slop.
/// ---------------------------------------------------------------------------------------------------------------
class Reference {
 public:
  Reference(const index::Catalogue& catalogue, const OperatorScores& operators,
            index::Bm25Parameters parameters = {});

  /// The score of an item that matches.
  std::optional<double> score(const syntax::Node& tree, index::ItemId item) const;
  /// All items that match, by (falling score, rising item).
  std::vector<index::ScoredItem> ranking(const syntax::Node& tree, const index::ItemSet* allowed) const;

 private:
  struct Outcome {
    bool dropped = false;
    bool matched = false;
    double score = 0;
  };
  struct Field {
    std::vector<std::vector<std::string>> words;  // by item; "" where no phrase may reach over
    std::vector<double> lengths;
    double average = 0;
    std::map<std::string, double> document_frequency;  // among items that count
  };

  Outcome evaluate(const syntax::Node& node, const std::string& outer_field, index::ItemId item) const;
  Outcome leaf(const syntax::Node& node, const std::string& field, index::ItemId item) const;
  Outcome text_leaf(const syntax::Node& node, const Field& field, index::ItemId item) const;
  double idf(double document_frequency) const;
  double saturation(const Field& field, double frequency, index::ItemId item) const;
  double bm25(const Field& field, const std::string& word, index::ItemId item) const;
  Outcome phrase(const Field& field, const std::vector<std::string>& words, index::ItemId item) const;
  Outcome fuzzy(const syntax::Fuzzy& fuzzy, const Field& field, index::ItemId item) const;

  const index::Catalogue& catalogue_;
  const OperatorScores& operators_;
  index::Bm25Parameters parameters_;
  double documents_ = 0;
  std::map<std::string, Field> fields_;
};

}  // namespace segue::query::testing
