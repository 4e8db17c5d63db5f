#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "kernels/dropout_mask.h"

namespace segue::kernels {

/// Where one head of one sequence lies in the matrices of an attention kernel, and how it drops.
struct Head {
  Head(const AttentionShape& shape, Offsets offsets, std::size_t sequence, std::size_t head)
      : begin(offsets[sequence]),
        length(offsets[sequence + 1] - offsets[sequence]),
        column(head * shape.head_size),
        size(shape.head_size),
        index(head),
        scale(1.0f / std::sqrt(static_cast<float>(shape.head_size))),
        seed(nested_seed(nested_seed(shape.seed, sequence), head)),
        limit(drop_limit(shape.dropout)),
        keep(1.0f / (1.0f - shape.dropout)) {}

  /// This head's block [length, size] of a matrix [tokens, heads * size].
  template <class T>
  BasicMatrix<T> of(BasicMatrix<T> m) const {
    return m.rows_at(begin, length).cols_at(column, size);
  }
  MaskKey mask_of(std::size_t query) const { return limit == 0 ? MaskKey() : mask_key(seed, query); }

  std::size_t begin;
  std::size_t length;
  std::size_t column;
  std::size_t size;
  std::size_t index;
  float scale;          ///< of the scores
  std::uint64_t seed;   ///< of the masks; the query is the stream
  std::uint32_t limit;  ///< 0: nothing is dropped
  float keep;           ///< what a weight that is kept is multiplied by
};

/// Calls visit(head) for each head of each sequence that has rows.
template <class Visit>
void each_head(const AttentionShape& shape, Offsets offsets, const Visit& visit) {
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    if (offsets[s] == offsets[s + 1]) continue;
    for (std::size_t h = 0; h < shape.heads; ++h) visit(Head(shape, offsets, s, h));
  }
}

}  // namespace segue::kernels
