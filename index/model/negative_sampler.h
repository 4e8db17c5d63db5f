#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/model/random_stream.h"

namespace segue::index {

/// The negatives of one training step, shared by all its positions.
struct Negatives {
  std::vector<std::uint32_t> rows;  ///< distinct rows of the item table, rising
  std::vector<float>
      log_expected;  ///< log of how often the row is expected among the draws, per time that it was drawn
};

/// Draws rows with replacement from q ~ frequency^power, by an alias table (Walker 1977, Vose 1991): a draw
/// costs the same for any vocabulary. Thread-compatible.
class NegativeSampler {
 public:
  /// frequency: events of each row of the table, at least one of them positive, else std::invalid_argument.
  NegativeSampler(std::span<const std::uint32_t> frequency, double power);

  std::size_t size() const noexcept { return threshold_.size(); }
  double probability(std::uint32_t row) const { return probability_[row]; }

  /// count draws. A row drawn m times appears once with log(count q) - log m, which is the same term of the
  /// loss: the softmax's sum over m equal logits s - log(count q) is exp(s - log(count q) + log m). When
  /// count reaches the size of the vocabulary, every row appears once with 0: the full softmax, which is both
  /// cheaper and better then.
  Negatives draw(std::size_t count, RandomStream& random);

 private:
  std::vector<double> probability_;
  std::vector<float> threshold_;      // share of a column that belongs to its own row
  std::vector<std::uint32_t> alias_;  // whose the rest is
  std::vector<std::uint32_t> times_;  // scratch of draw(), all zero between calls
};

}  // namespace segue::index
