#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// Items whose content and whose place by behaviour are both known.
struct ProjectionTask {
  kernels::ConstMatrix content;   ///< [n, w]
  kernels::ConstMatrix places;    ///< [n, d]
  std::span<const float> events;  ///< [n], at least 0: more behaviour, more trust
  std::uint64_t seed = 1;         ///< of the draw of the items that choose the ridge
};

/// A linear map from contents c to places e by ridge regression on centred rows, the items weighted by their
/// events n:
///
///   W = (C' N C + lambda I)^-1 C' N E        e(c) = mean_e + W' (c - mean_c)
///
/// lambda is r trace(C' N C) / w with the r of a list that has the least error on a fifth of the items, held
/// out; the map is then fitted on all of them. A value; immutable.
class ContentProjection {
 public:
  /// Fewer items than this say nothing about others.
  static constexpr std::size_t kLeastItems = 20;

  /// Whether a row of the task is in the fifth that chooses the ridge.
  static bool held_out(const ProjectionTask& task, std::size_t row);
  /// Throws std::invalid_argument for shapes that do not fit, and for fewer than kLeastItems items.
  static ContentProjection fit(const ProjectionTask& task, const kernels::Backend& backend);

  /// Where behaviour would put an item of this content. content [w], place [d].
  void apply(std::span<const float> content, std::span<float> place) const;

  double ridge() const noexcept { return ridge_; }  ///< r
  /// The share of the held-out items' variance that the map explains; at 0 or below contents say nothing
  /// about behaviour.
  double explained() const noexcept { return explained_; }

 private:
  std::size_t width_ = 0;        // w
  std::vector<double> weights_;  // [w + 1, d], the last row what is added to each place
  double ridge_ = 0;
  double explained_ = 0;
};

}  // namespace segue::index
