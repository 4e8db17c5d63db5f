#pragma once

#include <span>

#include "kernels/tensor_view.h"

namespace segue::index {

/// The norm of TransformerForm::kSasrec: y = gain (x - mean) / sqrt(variance + 1e-8) + bias for each row,
/// where kernels::Backend::layer_norm has 1e-5. Keeps mean and 1 / sqrt(variance + 1e-8), [rows] each, from
/// which kernels::Backend::layer_norm_backward is exact for this one too; empty spans: not kept. y may be x.
/// Thread-safe.
void sasrec_layer_norm(kernels::ConstMatrix x, std::span<const float> gain, std::span<const float> bias,
                       kernels::Matrix y, std::span<float> mean = {}, std::span<float> inverse = {});

}  // namespace segue::index
