#include "query/lucene/lowering.h"

#include <limits>
#include <utility>

#include "index/text/text_index_impl.h"
#include "index/text/word_breaker.h"
#include "query/lucene/expansion.h"

namespace segue::query {

using index::FieldType;
using index::Token;

namespace {

/// Lowers the expressions of one field. Each overload gives null when its clause drops.
class LeafMaker {
 public:
  LeafMaker(const LoweringContext& context, std::string_view field)
      : context_(context),
        index_(context.index),
        field_(field),
        type_(context.index.field_type(field)),
        is_text_(type_ != nullptr && *type_ == FieldType::kText) {}

  SharedLeaf operator()(const syntax::Term& term) const { return text(term.text, 0); }
  SharedLeaf operator()(const syntax::Phrase& phrase) const { return text(phrase.text, phrase.slop); }

  SharedLeaf operator()(const syntax::Words& words) const {
    if (!is_text_) return exact(words.text);
    std::vector<BoostedTerm> terms;
    for (const Token& token : index_.impl().analyzer->tokens(words.text))
      terms.push_back(term(token.text, 1));
    return terms.empty() ? nullptr : make_terms_leaf(std::move(terms));
  }

  SharedLeaf operator()(const syntax::Prefix& prefix) const {
    if (!patterns()) return prefix.text.empty() ? any_number() : make_empty_leaf();
    return make_constant_leaf(items_with_prefix(index_, field_, folded(prefix.text)));
  }
  SharedLeaf operator()(const syntax::Wildcard& wildcard) const {
    if (!patterns()) return wildcard.pattern == "*" ? any_number() : make_empty_leaf();
    return make_constant_leaf(items_with_wildcard(index_, field_, folded(wildcard.pattern)));
  }

  SharedLeaf operator()(const syntax::Fuzzy& fuzzy) const {
    if (!patterns()) return exact(fuzzy.text);
    std::vector<BoostedTerm> terms;
    index::ItemSet items(index_.size());
    for (const SimilarTerm& similar : similar_terms(index_, field_, folded(fuzzy.text), fuzzy.similarity)) {
      if (is_text_) {
        terms.push_back(term(similar.text, similar.similarity));
      } else {
        for (const index::ItemId item : index_.impl().postings(field_, similar.text)->items)
          items.insert(item);
      }
    }
    return is_text_ ? make_terms_leaf(std::move(terms)) : make_constant_leaf(std::move(items));
  }

  SharedLeaf operator()(const syntax::Range& range) const {
    if (type_ != nullptr && *type_ == FieldType::kNumber) return numbers(range);
    if (!patterns()) return make_empty_leaf();
    return make_constant_leaf(
        items_in_range(index_, field_, {folded(range.low), folded(range.high), range.inclusive}));
  }

  SharedLeaf operator()(const syntax::MatchAll&) const { return make_all_items_leaf(index_.size()); }
  SharedLeaf operator()(const syntax::Param&) const {
    return make_empty_leaf();
  }  // bound before, else unknown

  // These are no leaves of a field: lower() handles them.
  SharedLeaf operator()(const syntax::Boolean&) const { return nullptr; }
  SharedLeaf operator()(const syntax::Operator&) const { return nullptr; }

 private:
  bool patterns() const { return is_text_ || (type_ != nullptr && *type_ == FieldType::kString); }

  // Patterns are not analysed: in text fields they are put into the case of the index's terms.
  std::string folded(std::string_view pattern) const {
    return is_text_ ? index::lower_case(pattern) : std::string(pattern);
  }

  BoostedTerm term(std::string_view token, double boost) const {
    const auto& text = index_.impl().text_field(field_);
    BoostedTerm made{
        std::string(field_), std::string(token), boost, 0, index_.impl().postings(field_, token), {}};
    made.idf = index_.impl().idf(field_, made.postings->document_frequency);
    made.saturation = index::Bm25Saturation(text.lengths, text.statistics, context_.parameters);
    return made;
  }

  SharedLeaf text(std::string_view text, int slop) const {
    if (!is_text_) return exact(text);
    const std::vector<Token> tokens = index_.impl().analyzer->tokens(text);
    if (tokens.empty()) return nullptr;
    if (tokens.size() == 1) return make_terms_leaf({term(tokens.front().text, 1)});
    return phrase(tokens, slop);
  }

  SharedLeaf phrase(const std::vector<Token>& tokens, int slop) const {
    PhraseStatistics statistics{
        .field = std::string(field_), .text = {}, .idf = 0, .document_frequency = 0, .saturation = {}};
    bool possible = true;
    for (const Token& token : tokens) {
      const BoostedTerm word = term(token.text, 1);
      statistics.idf += word.idf;
      statistics.saturation = word.saturation;
      statistics.text.append(statistics.text.empty() ? "" : " ").append(token.text);
      possible = possible && !word.postings->items.empty();
    }
    if (!possible) return make_empty_leaf();
    std::vector<index::PhraseMatch> matches = index_.impl().reader.phrase(field_, tokens, slop);
    for (const index::PhraseMatch& match : matches) {
      statistics.document_frequency += index_.impl().countable.contains(match.item) ? 1 : 0;
    }
    return make_phrase_leaf(std::move(matches), std::move(statistics));
  }

  // A value that is not analysed: all or nothing, so that a rare value does not drown the words beside it.
  SharedLeaf exact(std::string_view value) const {
    if (type_ == nullptr) return make_empty_leaf();
    if (*type_ != FieldType::kNumber) return make_constant_leaf(index_.impl().postings(field_, value));
    const std::optional<double> number = parse_number(value);
    if (!number) return make_empty_leaf();
    return make_constant_leaf(index_.impl().reader.numbers(field_, {.low = *number, .high = *number}));
  }

  SharedLeaf numbers(const syntax::Range& range) const {
    constexpr double kOpen = std::numeric_limits<double>::infinity();
    const std::optional<double> low = range.low == "*" ? -kOpen : parse_number(range.low);
    const std::optional<double> high = range.high == "*" ? kOpen : parse_number(range.high);
    if (!low || !high) return make_empty_leaf();
    return make_constant_leaf(
        index_.impl().reader.numbers(field_, {.low = *low, .high = *high, .inclusive = range.inclusive}));
  }

  // field:* of a field that has no patterns: any value.
  SharedLeaf any_number() const {
    if (type_ == nullptr) return make_empty_leaf();
    if (*type_ == FieldType::kNumber) return make_constant_leaf(index_.impl().reader.numbers(field_, {}));
    return make_constant_leaf(items_with_prefix(index_, field_, ""));
  }

  const LoweringContext& context_;
  const index::TextIndex& index_;
  std::string_view field_;
  const FieldType* type_;
  bool is_text_;
};

std::optional<Lowered> lower_in(const syntax::Node& node, const LoweringContext& context,
                                std::string_view outer_field) {
  const std::string_view field = node.field.empty() ? outer_field : std::string_view(node.field);
  Lowered lowered{.node = &node, .boost = node.boost, .leaf = nullptr, .clauses = {}};
  if (const auto* boolean = node.get_if<syntax::Boolean>()) {
    for (const syntax::Clause& clause : boolean->clauses) {
      std::optional<Lowered> query = lower_in(clause.node, context, field);
      if (query) lowered.clauses.push_back({clause.occur, std::move(*query)});
    }
    if (lowered.clauses.empty() && !boolean->clauses.empty()) return std::nullopt;
    return lowered;
  }
  if (node.get_if<syntax::Operator>() != nullptr) {
    const auto scores = context.operators.find(&node);
    lowered.leaf = scores == context.operators.end() ? make_empty_leaf() : make_scored_leaf(scores->second);
    return lowered;
  }
  lowered.leaf = std::visit(LeafMaker(context, field), node.expression);
  if (lowered.leaf == nullptr) return std::nullopt;
  return lowered;
}

bool add_words(const Lowered& query, double boost, std::vector<index::WeightedPostings>& terms) {
  boost *= query.boost;
  if (query.leaf != nullptr) return query.leaf->add_to_disjunction(boost, terms);
  for (const Lowered::Clause& clause : query.clauses) {
    if (clause.occur != syntax::Occur::kShould || !add_words(clause.query, boost, terms)) return false;
  }
  return true;
}

}  // namespace

std::optional<Lowered> lower(const syntax::Node& node, const LoweringContext& context) {
  return lower_in(node, context, index::kDefaultField);
}

std::optional<std::vector<index::WeightedPostings>> as_disjunction(const Lowered& query) {
  std::vector<index::WeightedPostings> terms;
  if (!add_words(query, 1, terms)) return std::nullopt;
  return terms;
}

}  // namespace segue::query
