#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/model/content_projection.h"
#include "index/vector/near_rows.h"

namespace segue::index {

/// Places of contents by those of the items that are most alike, a kernel regression (Nadaraya, Watson 1964):
///
///   e(c) = sum over the kNearest nearest items j of s_j^kSharpness e_j / sum of s_j^kSharpness,
///   s_j = max(0, cos(c, c_j))
///
/// Where a new item has a sibling (another colour, another size, the next of a series), that one says more
/// than a map that has to suit all items. Of many items the nearest are found approximately (NearRows).
/// Immutable, thread-safe.
class ContentNeighbourhood {
 public:
  static constexpr std::size_t kNearest = 20;
  static constexpr double kSharpness = 8;

  /// Over all items of the task, whose matrices outlive this. content: rows of unit length. Throws
  /// std::invalid_argument for shapes that do not fit.
  explicit ContentNeighbourhood(const ProjectionTask& task);

  /// Where behaviour would put items of these contents. contents [n, w] of unit length, places [n, d]; zeros,
  /// and false in `alike` [n], for one that no item is like at all.
  void place(kernels::ConstMatrix contents, kernels::Matrix places, std::vector<bool>& alike) const;

 private:
  kernels::ConstMatrix places_;
  NearRows contents_;
};

/// How well either way places items whose behaviour is known: the squared correlation of what it says with
/// where they are, around the mean of the others and weighted by events, on items that it has not seen (an
/// even sample of those of ProjectionTask's fifth, at most 2,000).
struct PlacementAgreement {
  double map = 0;
  double neighbours = 0;
};
PlacementAgreement placement_agreement(const ProjectionTask& task, const kernels::Backend& backend);

}  // namespace segue::index
