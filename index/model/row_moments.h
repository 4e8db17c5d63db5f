#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/session_model.h"
#include "kernels/backend.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// Mean and covariance of the vectors of a group of items, those without one counted as zeros: what the inner
/// products of all of them with a query have as mean and deviation, without a look at each. Immutable,
/// thread-safe.
class RowMoments {
 public:
  RowMoments() = default;
  /// rows [n, d]: row r belongs to items[r].
  RowMoments(kernels::ConstMatrix rows, std::span<const std::int32_t> items, const ItemSet& group,
             const kernels::Backend& backend);

  /// Of q . y over the group: mean q . m, variance q' Covariance q. query [d].
  ScoreMoments of(std::span<const float> query) const;

 private:
  std::vector<double> mean_;        // [d]
  std::vector<double> covariance_;  // [d, d]
};

}  // namespace segue::index
