#include "index/text/porter_stemmer.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace segue::index {
namespace {

/// The algorithm on the word's letters. Letters outside ASCII are mapped to one consonant each, see
/// porter_stem().
class Stemmer {
 public:
  explicit Stemmer(std::string& word) : word_(word) {}

  void run() {
    if (word_.size() <= 2) return;
    plurals_and_participles();
    y_to_i();
    double_suffixes();
    ative_suffixes();
    bare_suffixes();
    final_e_and_ll();
  }

 private:
  struct Rule {
    std::string_view suffix;
    std::string_view replacement;
  };

  bool consonant(std::size_t i) const {
    switch (word_[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u':
        return false;
      case 'y':
        return i == 0 || !consonant(i - 1);
      default:
        return true;
    }
  }

  // m of the paper: the number of vowel-consonant sequences in the first `length` letters.
  int measure(std::size_t length) const {
    int m = 0;
    bool vowel = false;
    for (std::size_t i = 0; i < length; ++i) {
      const bool is_consonant = consonant(i);
      if (is_consonant && vowel) ++m;
      vowel = !is_consonant;
    }
    return m;
  }

  bool has_vowel(std::size_t length) const {
    for (std::size_t i = 0; i < length; ++i) {
      if (!consonant(i)) return true;
    }
    return false;
  }

  bool double_consonant(std::size_t length) const {
    return length >= 2 && word_[length - 1] == word_[length - 2] && consonant(length - 1);
  }

  // *o of the paper: consonant, vowel, consonant, the last not w, x or y.
  bool short_syllable(std::size_t length) const {
    if (length < 3 || !consonant(length - 1) || consonant(length - 2) || !consonant(length - 3)) return false;
    const char last = word_[length - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }

  bool ends(std::string_view suffix) const { return word_.ends_with(suffix); }
  std::size_t before(std::string_view suffix) const { return word_.size() - suffix.size(); }
  void cut(std::size_t letters) { word_.erase(word_.size() - letters); }

  // Step 1a and 1b.
  void plurals_and_participles() {
    if (ends("s")) {
      if (ends("sses") || ends("ies")) {
        cut(2);
      } else if (!ends("ss")) {
        cut(1);
      }
    }
    if (ends("eed")) {
      if (measure(before("eed")) > 0) cut(1);
      return;
    }
    if (ends("ed") && has_vowel(before("ed"))) {
      cut(2);
    } else if (ends("ing") && has_vowel(before("ing"))) {
      cut(3);
    } else {
      return;
    }
    if (ends("at") || ends("bl") || ends("iz")) {
      word_.push_back('e');
    } else if (double_consonant(word_.size())) {
      const char last = word_.back();
      if (last != 'l' && last != 's' && last != 'z') cut(1);
    } else if (measure(word_.size()) == 1 && short_syllable(word_.size())) {
      word_.push_back('e');
    }
  }

  // Step 1c.
  void y_to_i() {
    if (ends("y") && has_vowel(before("y"))) word_.back() = 'i';
  }

  // Applies the first rule whose suffix fits, if the stem before it has a measure above 0.
  template <std::size_t n>
  void apply(const Rule (&rules)[n]) {
    for (const Rule& rule : rules) {
      if (!ends(rule.suffix)) continue;
      const std::size_t stem = before(rule.suffix);
      if (measure(stem) > 0) {
        word_.erase(stem);
        word_.append(rule.replacement);
      }
      return;
    }
  }

  // Step 2. Of two rules that fit, the longer suffix stands first.
  void double_suffixes() {
    static constexpr Rule kRules[] = {
        {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
        {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
        {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
        {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
        {"logi", "log"},
    };
    apply(kRules);
  }

  // Step 3.
  void ative_suffixes() {
    static constexpr Rule kRules[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                      {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
    apply(kRules);
  }

  // Step 4: the suffix goes when the measure before it is above 1.
  void bare_suffixes() {
    static constexpr std::string_view kSuffixes[] = {"al",  "ance",  "ence", "er",  "ic",   "able", "ible",
                                                     "ant", "ement", "ment", "ent", "sion", "tion", "ou",
                                                     "ism", "ate",   "iti",  "ous", "ive",  "ize"};
    for (const std::string_view suffix : kSuffixes) {
      if (!ends(suffix)) continue;
      const std::size_t letters = suffix == "sion" || suffix == "tion" ? 3 : suffix.size();  // s and t stay
      if (measure(word_.size() - letters) > 1) cut(letters);
      return;
    }
  }

  // Step 5.
  void final_e_and_ll() {
    if (ends("e")) {
      const int m = measure(before("e"));
      if (m > 1 || (m == 1 && !short_syllable(before("e")))) cut(1);
    }
    if (ends("ll") && measure(word_.size()) > 1) cut(1);
  }

  std::string& word_;
};

bool is_ascii(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

}  // namespace

void porter_stem(std::string& word) {
  if (is_ascii(word)) {
    Stemmer(word).run();
    return;
  }
  // Each other letter is stemmed as one byte that is no letter of the algorithm, then put back. Neighbours
  // get different bytes unless they are the same letter, so that doubled consonants are seen as such.
  std::string letters;
  std::vector<std::string_view> others;  // views into word
  for (std::size_t i = 0; i < word.size();) {
    std::size_t end = i + 1;
    if (static_cast<unsigned char>(word[i]) < 128) {
      letters.push_back(word[i]);
    } else {
      while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80) ++end;
      const std::string_view other = std::string_view(word).substr(i, end - i);
      const auto known = std::find(others.begin(), others.end(), other);
      const auto index = static_cast<std::size_t>(known - others.begin());
      if (index == 127) return;  // far from English
      if (known == others.end()) others.push_back(other);
      letters.push_back(static_cast<char>(128 + index));
    }
    i = end;
  }
  Stemmer(letters).run();
  std::string stem;
  for (const char letter : letters) {
    const auto byte = static_cast<unsigned char>(letter);
    stem.append(byte < 128 ? std::string_view(&letter, 1) : others[byte - 128u]);
  }
  word = std::move(stem);
}

}  // namespace segue::index
