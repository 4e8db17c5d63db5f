#include "index/suggestions/suggestion_words.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "kernels/error.h"

namespace segue::index {
namespace {

/// Calls use(word) for each word of a folded text.
template <class Use>
void for_each_word(std::string_view folded, Use use) {
  for (std::size_t begin = 0; begin < folded.size();) {
    const std::size_t end = std::min(folded.find(' ', begin), folded.size());
    if (end > begin) use(folded.substr(begin, end - begin));
    begin = end + 1;
  }
}

void check_offsets(const Safetensors& file, std::string_view name, std::span<const std::int64_t> offsets,
                   std::size_t lists, std::size_t flat) {
  if (!are_offsets(offsets, lists, flat)) {
    throw Error(ErrorKind::kDamagedStore, "the tensor " + std::string(name) + " does not fit the others",
                file.file().string(), "roll back, or run segue reindex again");
  }
}

void check_values(const Safetensors& file, std::string_view name, std::span<const std::int32_t> values,
                  std::size_t below) {
  for (const std::int32_t value : values) {
    if (value < 0 || static_cast<std::size_t>(value) >= below) {
      throw Error(ErrorKind::kDamagedStore,
                  "the tensor " + std::string(name) + " holds a number out of range", file.file().string(),
                  "roll back, or run segue reindex again");
    }
  }
}

}  // namespace

void SuggestionWords::write(std::span<const std::string_view> texts, std::span<const std::int32_t> ranks,
                            SafetensorsWriter& writer) {
  std::unordered_map<std::string_view, std::int32_t> ids;
  for (const std::string_view text : texts) {
    for_each_word(text, [&ids](std::string_view word) { ids.emplace(word, 0); });
  }
  std::vector<std::string_view> vocabulary;
  vocabulary.reserve(ids.size());
  for (const auto& [word, id] : ids) vocabulary.push_back(word);
  std::sort(vocabulary.begin(), vocabulary.end());

  std::vector<std::uint8_t> letters;
  std::vector<std::int64_t> letter_offsets{0};
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    ids[vocabulary[i]] = static_cast<std::int32_t>(i);
    letters.insert(letters.end(), vocabulary[i].begin(), vocabulary[i].end());
    letter_offsets.push_back(static_cast<std::int64_t>(letters.size()));
  }

  std::vector<std::int32_t> words;
  std::vector<std::int64_t> word_offsets{0};
  std::vector<std::int64_t> row_offsets(vocabulary.size() + 1);
  for (const std::string_view text : texts) {
    const auto begin = static_cast<std::ptrdiff_t>(words.size());
    for_each_word(text, [&](std::string_view word) { words.push_back(ids.at(word)); });
    std::sort(words.begin() + begin, words.end());
    words.erase(std::unique(words.begin() + begin, words.end()), words.end());
    for (auto word = words.begin() + begin; word != words.end(); ++word)
      ++row_offsets[static_cast<std::size_t>(*word) + 1];
    word_offsets.push_back(static_cast<std::int64_t>(words.size()));
  }
  for (std::size_t i = 1; i < row_offsets.size(); ++i) row_offsets[i] += row_offsets[i - 1];

  // Rows are dealt out in the order of their ranks, so that every list comes out heaviest first.
  std::vector<std::size_t> by_rank(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) by_rank[static_cast<std::size_t>(ranks[row])] = row;
  std::vector<std::int64_t> next(row_offsets);
  std::vector<std::int32_t> rows(words.size());
  for (const std::size_t row : by_rank) {
    for (std::int64_t i = word_offsets[row]; i < word_offsets[row + 1]; ++i) {
      const auto word = static_cast<std::size_t>(words[static_cast<std::size_t>(i)]);
      rows[static_cast<std::size_t>(next[word]++)] = static_cast<std::int32_t>(row);
    }
  }
  writer.add("vocabulary", {letters.size()}, std::span<const std::uint8_t>(letters));
  writer.add("vocabulary_offsets", {letter_offsets.size()}, std::span<const std::int64_t>(letter_offsets));
  writer.add("row_words", {words.size()}, std::span<const std::int32_t>(words));
  writer.add("row_word_offsets", {word_offsets.size()}, std::span<const std::int64_t>(word_offsets));
  writer.add("word_rows", {rows.size()}, std::span<const std::int32_t>(rows));
  writer.add("word_row_offsets", {row_offsets.size()}, std::span<const std::int64_t>(row_offsets));
}

SuggestionWords::SuggestionWords(const Safetensors& file, std::size_t rows)
    : letters_(file.u8("vocabulary")),
      letter_offsets_(file.i64("vocabulary_offsets")),
      words_(file.i32("row_words")),
      word_offsets_(file.i64("row_word_offsets")),
      rows_(file.i32("word_rows")),
      row_offsets_(file.i64("word_row_offsets")) {
  const std::size_t vocabulary = row_offsets_.empty() ? 0 : row_offsets_.size() - 1;
  check_offsets(file, "vocabulary_offsets", letter_offsets_, vocabulary, letters_.size());
  check_offsets(file, "row_word_offsets", word_offsets_, rows, words_.size());
  check_offsets(file, "word_row_offsets", row_offsets_, vocabulary, rows_.size());
  check_values(file, "row_words", words_, vocabulary);
  check_values(file, "word_rows", rows_, rows);
  inverse_frequencies_.reserve(vocabulary);
  for (WordId word = 0; word < vocabulary; ++word) {
    const double frequency = static_cast<double>(std::max<std::size_t>(1, rows_of(word).size()));
    inverse_frequencies_.push_back(static_cast<float>(std::log1p(static_cast<double>(rows) / frequency)));
  }
}

std::string_view SuggestionWords::word(WordId word) const {
  const auto begin = static_cast<std::size_t>(letter_offsets_[word]);
  const auto end = static_cast<std::size_t>(letter_offsets_[word + 1]);
  return {reinterpret_cast<const char*>(letters_.data()) + begin, end - begin};
}

std::pair<SuggestionWords::WordId, SuggestionWords::WordId> SuggestionWords::prefix_range(
    std::string_view letters) const {
  const auto first_not = [&](auto before) {
    WordId low = 0;
    auto high = static_cast<WordId>(size());
    while (low < high) {
      const WordId middle = low + (high - low) / 2;
      if (before(word(middle).substr(0, letters.size()))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  return {first_not([&](std::string_view head) { return head < letters; }),
          first_not([&](std::string_view head) { return head <= letters; })};
}

std::span<const SuggestionWords::WordId> SuggestionWords::words_of(Row row) const {
  const auto begin = static_cast<std::size_t>(word_offsets_[row]);
  const auto end = static_cast<std::size_t>(word_offsets_[row + 1]);
  return {reinterpret_cast<const WordId*>(words_.data()) + begin, end - begin};
}

std::span<const SuggestionWords::Row> SuggestionWords::rows_of(WordId word) const {
  const auto begin = static_cast<std::size_t>(row_offsets_[word]);
  const auto end = static_cast<std::size_t>(row_offsets_[word + 1]);
  return {reinterpret_cast<const Row*>(rows_.data()) + begin, end - begin};
}

}  // namespace segue::index
