#pragma once

#include <cstddef>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/model/transformer_gradients.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Adam's memory of a training: both moments of every parameter, in the layout of TransformerWeights, and the
/// steps that are behind it. A value.
struct AdamMoments {
  explicit AdamMoments(const TransformerWeights& weights);

  std::vector<float> body_first, body_second;
  MatrixBuffer items_first, items_second;  // [v, d]
  std::size_t steps = 0;
};

/// Adam over all parameters of a Transformer. Rows of the item table that took no part in a batch keep weight
/// and moments. Thread-compatible; uses the pool.
class TransformerOptimizer {
 public:
  TransformerOptimizer(const kernels::Backend& backend, kernels::ThreadPool& pool)
      : backend_(backend), pool_(pool) {}

  void step(const TransformerGradients& gradients, float rate, TransformerWeights& weights,
            AdamMoments& moments) const;

 private:
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
};

}  // namespace segue::index
