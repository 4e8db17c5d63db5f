#pragma once

#include <span>

#include "kernels/cuda/device_memory.h"
#include "kernels/tensor_view.h"

namespace segue::kernels::cuda {

/// Backend::layer_norm on the device: shapes and meaning are the contract's, all views hold device addresses.
/// Queued on stream; returns without waiting. A launch that fails throws segue::Error (kResource).
void layer_norm(Stream stream, ConstMatrix x, std::span<const float> gain, std::span<const float> bias,
                Matrix y, std::span<float> mean, std::span<float> inverse_deviation);

}  // namespace segue::kernels::cuda
