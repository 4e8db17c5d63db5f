#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/stored_matrix.h"
#include "index/vector/vector_index.h"

namespace segue::index {

/// Scores rows of a stored matrix against one query. Every path of a search asks it, so one row has one
/// score, bit for bit. One per thread; the matrix outlives it.
///
/// int8 rows are multiplied in whole numbers, with the query rounded to 16 bits: exact sums, the same on
/// every machine, at an error of the query 250 times smaller than that of the rows.
class RowScorer {
 public:
  /// query [cols], finite, as it is compared (at unit length for cosine).
  RowScorer(const StoredMatrix& rows, Metric metric, std::span<const float> query);
  ~RowScorer();

  /// The inner product, or the negative squared distance for Metric::kL2. Not finite where it overflows.
  double operator()(std::size_t row);

 private:
  struct Halves;

  const StoredMatrix& rows_;
  bool distance_;
  std::span<const float> query_;
  std::unique_ptr<Halves> halves_;      // for kFp16
  std::vector<std::int16_t> integers_;  // the query, for inner products with kInt8
  double integer_scale_ = 0;
  std::vector<float> decoded_;  // a row, for distances to kInt8
};

}  // namespace segue::index
