#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "index/model/count_classes.h"

namespace segue::index {

/// What a blend is made of: models by name, each with a weight above 0, and how that weight differs by the
/// length of the session and by how often an item was seen in training:
///   w_m(l, c) = max(0, weights[m] + by_length[m, l] + by_count[m, c])
/// Kept in the manifest. A value.
struct BlendWeights {
  /// Of a model that weighs items without events alone (newcomer_weights.h). A part has to weigh more than 0;
  /// at() takes this for 0, so that only the offset of that class counts.
  static constexpr double kNewItemsOnly = 1e-6;

  std::vector<std::string> models;
  std::vector<double> weights;      ///< one per model; the fitted ones sum to 1
  CountClasses lengths{};           ///< of sessions; none: all are alike
  CountClasses counts{};            ///< of items; none: all are alike
  std::vector<double> by_length{};  ///< [models, lengths.size()], added to weights
  std::vector<double> by_count{};   ///< [models, counts.size()], added to weights

  /// length, count: classes; 0 where there are none.
  double at(std::size_t model, std::size_t length, std::size_t count) const;
  /// Throws std::invalid_argument for a weight that is not above 0, and for lists that do not fit each other.
  void validate() const;
  friend bool operator==(const BlendWeights&, const BlendWeights&) = default;
};

/// What the weights differ by, as the manifest holds it beside the plain weights; empty when they do not:
///   {"length": {"from": [1, 2, ...], "mf": [0.01, ...]}, "events": {"from": [0, 1, ...], "mf": [...]}}
nlohmann::json blend_offsets(const BlendWeights& weights);
/// The reverse. Throws std::invalid_argument that says what does not fit.
BlendWeights blend_weights(const std::map<std::string, double>& weights, const nlohmann::json& offsets);

}  // namespace segue::index
