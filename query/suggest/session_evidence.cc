#include "query/suggest/session_evidence.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "index/input/fold.h"

namespace segue::query {
namespace {

using index::SuggestionTable;
using index::SuggestionWords;
using WordId = SuggestionWords::WordId;

// Endings are at most this long, and what stands before them at least so long: "tea" and "teak" are two
// words.
constexpr std::size_t kLongestEnding = 2;
constexpr std::size_t kShortestStem = 4;
// Words of one beginning that are looked at; more than a vocabulary has of any stem of four letters or
// longer.
constexpr WordId kMostForms = 512;

class WordCollector {
 public:
  WordCollector(const SuggestionWords& words, double inflected) : words_(words), inflected_(inflected) {}

  void add_text(std::string_view folded, double weight) {
    for (std::size_t begin = 0; begin < folded.size();) {
      const std::size_t end = std::min(folded.find(' ', begin), folded.size());
      if (end > begin) add_word(folded.substr(begin, end - begin), weight);
      begin = end + 1;
    }
  }

  std::vector<SessionEvidence::Word> take() && {
    std::vector<SessionEvidence::Word> found;
    found.reserve(weights_.size());
    for (const auto& [id, weight] : weights_) found.push_back({id, weight, words_.inverse_frequency(id)});
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return found;
  }

 private:
  void add_word(std::string_view word, double weight) {
    const auto [first, last] = words_.prefix_range(word);
    if (first < last && words_.word(first) == word) put(first, weight);
    if (word.size() < kShortestStem) return;
    for (WordId id = first; id < std::min(last, first + kMostForms); ++id) {
      const std::size_t length = words_.word(id).size();
      if (length > word.size() && length <= word.size() + kLongestEnding) put(id, weight * inflected_);
    }
    for (std::size_t ending = 1; ending <= kLongestEnding && word.size() >= kShortestStem + ending;
         ++ending) {
      const std::string_view stem = word.substr(0, word.size() - ending);
      const WordId id = words_.prefix_range(stem).first;
      if (id < words_.size() && words_.word(id) == stem) put(id, weight * inflected_);
    }
  }

  void put(WordId id, double weight) {
    double& known = weights_[id];
    known = std::max(known, weight);
  }

  const SuggestionWords& words_;
  double inflected_;
  std::unordered_map<WordId, double> weights_;
};

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

double SessionEvidence::weight_of(WordId id) const {
  const auto found =
      std::lower_bound(words.begin(), words.end(), id, [](const Word& w, WordId i) { return w.id < i; });
  return found != words.end() && found->id == id ? found->weight : 0;
}

SessionEvidence gather_evidence(const SuggestionTable& table, const SuggestSession& session,
                                ModelEvidence models, const SuggestOptions& options) {
  SessionEvidence evidence;
  evidence.score = std::move(models.score);
  for (const index::ItemId item : models.best) {
    const auto row = table.row_of(item);
    if (row && table.item_of(*row) == item) evidence.related.push_back(*row);
  }
  WordCollector words(table.words(), options.inflected);
  double weight = 1;
  std::size_t texts = 0;
  for (auto entry = session.entries.rbegin(); entry != session.entries.rend(); ++entry) {
    std::string folded = index::fold(entry->text);
    if (folded.empty()) continue;
    if (const auto row = table.find(folded)) evidence.own_rows.push_back(*row);
    if (texts++ < options.word_texts) {
      words.add_text(folded, weight);
      weight *= options.recency;
    }
    if (entry->typed) evidence.asked.push_back(std::move(folded));
  }
  evidence.words = std::move(words).take();
  sort_unique(evidence.asked);
  sort_unique(evidence.own_rows);
  return evidence;
}

}  // namespace segue::query
