#pragma once

#include <cstdint>
#include <span>

#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// The forward pass of TransformerForm::kSasrec: SASRec as github.com/pmixer/SASRec.pytorch computes it, to
/// the rounding of floats. The window is full: where a session is shorter, zeros stand before it, which are
/// attended to with the attention's biases as key and value.
///
///   x_t = sqrt(d) e_t + P[t] at the last places of the window;  q = norm(x);  x = q + attention(q, x, x)
///   y = norm(x);  x = y + down(relu(up(y)));  zeros stay zeros;  h = norm(x)         norms with epsilon 1e-8
///
/// rows: the session's rows of the table, oldest first, 1 to `window` of them. out [d]: the vector whose
/// inner product with an item's embedding is its score.
void encode_sasrec(const TransformerWeights& weights, const kernels::Backend& backend,
                   std::span<const std::uint32_t> rows, std::span<float> out);

}  // namespace segue::index
