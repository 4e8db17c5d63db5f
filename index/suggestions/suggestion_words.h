#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "index/safetensors.h"

namespace segue::index {

/// The words of the suggestions, both ways: row -> words and word -> rows. A word is what blanks separate in
/// a folded text; words are numbered in the order of their bytes. Immutable, thread-safe; a part of
/// SuggestionTable, mapped from the same file.
class SuggestionWords {
 public:
  using WordId = std::uint32_t;
  using Row = std::uint32_t;

  /// Adds the tensors of texts (row i is texts[i], folded) to a file. ranks: of each row, 0 for the heaviest.
  static void write(std::span<const std::string_view> texts, std::span<const std::int32_t> ranks,
                    SafetensorsWriter& writer);
  SuggestionWords() = default;
  /// rows: how many suggestions there are. Throws Error (kDamagedStore).
  SuggestionWords(const Safetensors& file, std::size_t rows);

  std::size_t size() const { return row_offsets_.size() - 1; }
  std::string_view word(WordId word) const;
  /// Words [first, last) that begin with some letters.
  std::pair<WordId, WordId> prefix_range(std::string_view letters) const;
  /// The distinct words of a row, in rising order.
  std::span<const WordId> words_of(Row row) const;
  /// The rows that hold a word, the heaviest first.
  std::span<const Row> rows_of(WordId word) const;
  /// ln(1 + rows / rows with the word): what it tells to meet the word.
  double inverse_frequency(WordId word) const { return inverse_frequencies_[word]; }

 private:
  std::span<const std::uint8_t> letters_;
  std::span<const std::int64_t> letter_offsets_;
  std::span<const std::int32_t> words_;
  std::span<const std::int64_t> word_offsets_;
  std::span<const std::int32_t> rows_;
  std::span<const std::int64_t> row_offsets_;
  std::vector<float> inverse_frequencies_;
};

}  // namespace segue::index
