#include "tests/query/lucene_reference.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <regex>
#include <set>

namespace segue::query::testing {

using index::Item;
using index::ItemId;

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      words.back().push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::size_t distance(const std::string& a, const std::string& b) {
  if (a.empty()) return b.size();
  if (b.empty()) return a.size();
  const std::string a_tail = a.substr(1);
  const std::string b_tail = b.substr(1);
  if (a[0] == b[0]) return distance(a_tail, b_tail);
  return 1 + std::min({distance(a_tail, b), distance(a, b_tail), distance(a_tail, b_tail)});
}

// The values of an attribute, as text; numbers in `number`.
std::vector<std::string> values(const Item& item, const std::string& field, std::optional<double>& number) {
  if (field == index::kIdField) return {item.id};
  if (field == index::kKindField) return {item.kind};
  const auto found = item.attributes.find(field);
  if (found == item.attributes.end()) return {};
  if (const auto* text = std::get_if<std::string>(&found->second)) return {*text};
  if (const auto* flag = std::get_if<bool>(&found->second)) return {*flag ? "true" : "false"};
  if (const auto* value = std::get_if<double>(&found->second)) number = *value;
  if (const auto* list = std::get_if<std::vector<std::string>>(&found->second)) return *list;
  return {};
}

bool wildcard(const std::string& pattern, const std::string& text) {
  std::string expression;
  for (const char c : pattern) expression += c == '*' ? ".*" : c == '?' ? "." : std::string(1, c);
  return std::regex_match(text, std::regex(expression));
}

template <class T>
bool in_range(const T& value, const std::optional<T>& low, const std::optional<T>& high, bool inclusive) {
  if (low && (inclusive ? value < *low : value <= *low)) return false;
  return !high || (inclusive ? value <= *high : value < *high);
}

bool in_text_range(const std::string& value, const syntax::Range& range) {
  const auto end = [](const std::string& text) { return text == "*" ? std::optional<std::string>() : text; };
  return in_range(value, end(range.low), end(range.high), range.inclusive);
}

}  // namespace

Reference::Reference(const index::Catalogue& catalogue, const OperatorScores& operators,
                     index::Bm25Parameters parameters)
    : catalogue_(catalogue), operators_(operators), parameters_(parameters) {
  documents_ = static_cast<double>(catalogue.searchable().count());
  for (const char* name : {"_all", "title", "text"}) {
    Field& field = fields_[name];
    for (ItemId i = 0; i < catalogue.size(); ++i) {
      std::vector<std::string> words;
      if (name != std::string("text")) words = split(std::string(catalogue.title(i)));
      double length = static_cast<double>(words.size());
      if (name != std::string("title")) {
        if (!words.empty()) words.emplace_back();
        for (const std::string& word : split(std::string(catalogue.text(i)))) {
          words.push_back(word);
          length += 1;
        }
      }
      field.lengths.push_back(length);
      field.words.push_back(words);
      if (catalogue.is_query(i)) continue;
      field.average += length / documents_;
      for (const std::string& word : std::set<std::string>(words.begin(), words.end()))
        field.document_frequency[word] += 1;
    }
  }
}

double Reference::idf(double document_frequency) const {
  return std::log(1 + (documents_ - document_frequency + 0.5) / (document_frequency + 0.5));
}

double Reference::saturation(const Field& field, double frequency, ItemId item) const {
  return frequency / (frequency + parameters_.k1 * (1 - parameters_.b +
                                                    parameters_.b * field.lengths[item] / field.average));
}

double Reference::bm25(const Field& field, const std::string& word, ItemId item) const {
  const std::vector<std::string>& words = field.words[item];
  const double frequency = static_cast<double>(std::count(words.begin(), words.end(), word));
  if (frequency == 0) return 0;
  const auto df = field.document_frequency.find(word);
  return idf(df == field.document_frequency.end() ? 0 : df->second) * saturation(field, frequency, item);
}

Reference::Outcome Reference::phrase(const Field& field, const std::vector<std::string>& phrase,
                                     ItemId item) const {
  const std::vector<std::string>& words = field.words[item];
  double frequency = 0;
  for (std::size_t i = 0; i + phrase.size() <= words.size(); ++i) {
    frequency +=
        std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(i)) ? 1 : 0;
  }
  if (frequency == 0) return {};
  double sum = 0;
  for (const std::string& word : phrase) {
    const auto df = field.document_frequency.find(word);
    sum += idf(df == field.document_frequency.end() ? 0 : df->second);
  }
  return {false, true, sum * saturation(field, frequency, item)};
}

Reference::Outcome Reference::fuzzy(const syntax::Fuzzy& fuzzy, const Field& field, ItemId item) const {
  Outcome outcome;
  const std::vector<std::string>& words = field.words[item];
  for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
    if (word.empty()) continue;
    const double similarity = 1 - static_cast<double>(distance(fuzzy.text, word)) /
                                      static_cast<double>(std::min(fuzzy.text.size(), word.size()));
    if (word != fuzzy.text && similarity <= fuzzy.similarity) continue;
    outcome.matched = true;
    outcome.score += similarity * bm25(field, word, item);
  }
  return outcome;
}

Reference::Outcome Reference::text_leaf(const syntax::Node& node, const Field& field, ItemId item) const {
  const std::vector<std::string>& words = field.words[item];
  const auto any = [&](auto&& test) {
    const bool matched =
        std::any_of(words.begin(), words.end(), [&](const std::string& w) { return !w.empty() && test(w); });
    return Outcome{false, matched, matched ? 1.0 : 0.0};
  };
  if (const auto* prefix = node.get_if<syntax::Prefix>()) {
    return any([&](const std::string& word) { return word.starts_with(prefix->text); });
  }
  if (const auto* pattern = node.get_if<syntax::Wildcard>()) {
    return any([&](const std::string& word) { return wildcard(pattern->pattern, word); });
  }
  if (const auto* range = node.get_if<syntax::Range>()) {
    return any([&](const std::string& word) { return in_text_range(word, *range); });
  }
  if (const auto* similar = node.get_if<syntax::Fuzzy>()) return fuzzy(*similar, field, item);
  const auto* term = node.get_if<syntax::Term>();
  const auto* quoted = node.get_if<syntax::Phrase>();
  const auto* plain = node.get_if<syntax::Words>();
  const std::vector<std::string> tokens = split(term ? term->text : quoted ? quoted->text : plain->text);
  if (tokens.empty()) return {.dropped = true};
  if (tokens.size() > 1 && plain == nullptr) return phrase(field, tokens, item);
  Outcome outcome;
  for (const std::string& token : tokens) {
    outcome.matched = outcome.matched || std::count(words.begin(), words.end(), token) > 0;
    outcome.score += bm25(field, token, item);
  }
  return outcome;
}

Reference::Outcome Reference::leaf(const syntax::Node& node, const std::string& field, ItemId item) const {
  if (node.get_if<syntax::MatchAll>()) return {false, true, 1};
  if (node.get_if<syntax::Operator>()) {
    const auto found = operators_.find(&node);
    if (found == operators_.end()) return {};
    for (const index::ScoredItem& scored : found->second) {
      if (scored.item == item) return {false, true, scored.score};
    }
    return {};
  }
  if (const auto text = fields_.find(field); text != fields_.end())
    return text_leaf(node, text->second, item);
  std::optional<double> number;
  const std::vector<std::string> texts = values(catalogue_.item(item), field, number);
  bool matched = false;
  if (const auto* range = node.get_if<syntax::Range>()) {
    const auto end = [](const std::string& text) {
      return text == "*" ? std::optional<double>() : std::stod(text);
    };
    if (number) matched = in_range(*number, end(range->low), end(range->high), range->inclusive);
    for (const std::string& text : texts) matched = matched || in_text_range(text, *range);
  } else if (const auto* prefix = node.get_if<syntax::Prefix>()) {
    for (const std::string& text : texts) matched = matched || text.starts_with(prefix->text);
  } else if (const auto* pattern = node.get_if<syntax::Wildcard>()) {
    for (const std::string& text : texts) matched = matched || wildcard(pattern->pattern, text);
  } else if (const auto* term = node.get_if<syntax::Term>()) {
    matched =
        number ? *number == std::stod(term->text) : std::count(texts.begin(), texts.end(), term->text) > 0;
  }
  return {false, matched, matched ? 1.0 : 0.0};
}

Reference::Outcome Reference::evaluate(const syntax::Node& node, const std::string& outer_field,
                                       ItemId item) const {
  const std::string field = node.field.empty() ? outer_field : node.field;
  const auto* boolean = node.get_if<syntax::Boolean>();
  if (boolean == nullptr) {
    Outcome outcome = leaf(node, field, item);
    outcome.score *= node.boost;
    return outcome;
  }
  Outcome outcome;
  std::size_t dropped = 0;
  bool must = false;
  bool missing = false;
  bool some = false;
  bool prohibited = false;
  for (const syntax::Clause& clause : boolean->clauses) {
    const Outcome part = evaluate(clause.node, field, item);
    if (part.dropped) {
      ++dropped;
    } else if (clause.occur == syntax::Occur::kMustNot) {
      prohibited = prohibited || part.matched;
    } else {
      must = must || clause.occur == syntax::Occur::kMust;
      missing = missing || (clause.occur == syntax::Occur::kMust && !part.matched);
      some = some || part.matched;
      if (part.matched) outcome.score += part.score;
    }
  }
  outcome.dropped = dropped > 0 && dropped == boolean->clauses.size();
  outcome.matched = !prohibited && (must ? !missing : some);
  outcome.score *= node.boost;
  return outcome;
}

std::optional<double> Reference::score(const syntax::Node& tree, ItemId item) const {
  const Outcome outcome = evaluate(tree, std::string(index::kDefaultField), item);
  return outcome.matched && !outcome.dropped ? std::optional(outcome.score) : std::nullopt;
}

std::vector<index::ScoredItem> Reference::ranking(const syntax::Node& tree,
                                                  const index::ItemSet* allowed) const {
  std::vector<index::ScoredItem> items;
  for (ItemId i = 0; i < catalogue_.size(); ++i) {
    if (allowed != nullptr && !allowed->contains(i)) continue;
    if (const std::optional<double> found = score(tree, i)) items.push_back({i, *found});
  }
  std::sort(items.begin(), items.end(), index::ranks_before);
  return items;
}

}  // namespace segue::query::testing
