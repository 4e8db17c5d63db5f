#include "index/model/transformer_optimizer.h"

#include <algorithm>

namespace segue::index {
namespace {

constexpr std::size_t kRows = 512;  // of the table, that one block of the pool's loop takes

}  // namespace

AdamMoments::AdamMoments(const TransformerWeights& weights)
    : body_first(weights.flat_body().size()), body_second(weights.flat_body().size()) {
  items_first.reshape_to_zeros(weights.items().rows, weights.items().cols);
  items_second.reshape_to_zeros(weights.items().rows, weights.items().cols);
}

void TransformerOptimizer::step(const TransformerGradients& gradients, float rate,
                                TransformerWeights& weights, AdamMoments& moments) const {
  const kernels::AdamStep adam{.rate = rate, .step = ++moments.steps};
  backend_.adam(adam, gradients.body(), weights.flat_body(), moments.body_first, moments.body_second);
  const auto rows = gradients.rows();
  pool_.run((rows.size() + kRows - 1) / kRows, [&](std::size_t block) {
    const std::size_t begin = block * kRows;
    const std::size_t count = std::min(kRows, rows.size() - begin);
    backend_.adam_rows(adam, rows.subspan(begin, count), gradients.items().rows_at(begin, count),
                       weights.items(), moments.items_first.view(), moments.items_second.view());
  });
}

}  // namespace segue::index
