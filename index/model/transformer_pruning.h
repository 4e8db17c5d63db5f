#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "index/model/transformer_weights.h"

namespace segue::index {

/// A part of a Transformer that is taken out: one attention head of a block or, without a head, the whole
/// block. Both count within what is left before the step.
struct PruningStep {
  std::size_t block = 0;
  std::optional<std::size_t> head;
  friend bool operator==(const PruningStep&, const PruningStep&) = default;
};

/// The weights without that part: smaller tensors, and a block less or a head less in the configuration. Of a
/// block without heads the attention's output bias stays. Throws std::invalid_argument for a part that is not
/// there, for the last block, and for a form other than TransformerForm::kSegue.
TransformerWeights without(const TransformerWeights& weights, const PruningStep& step);

struct Pruning {
  std::vector<PruningStep> steps;
  double before = 0;  ///< the measure of all the weights
  double after = 0;   ///< and of what is left
};

/// Takes out, one after another, the part whose loss costs least, as long as the measure (larger is better)
/// stays at or above (1 - tolerance) times that of all the weights. Of equal measures the larger part goes.
/// measure is asked once per part and step.
Pruning find_pruning(TransformerWeights weights, double tolerance,
                     const std::function<double(const TransformerWeights&)>& measure);

}  // namespace segue::index
