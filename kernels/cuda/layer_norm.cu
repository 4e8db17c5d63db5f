#include "kernels/cuda/layer_norm.h"

#include "kernels/cuda/launch_impl.h"
#include "kernels/shapes.h"

namespace segue::kernels::cuda {
namespace {

constexpr unsigned kWarpsPerBlock = 4;
// Blocks beyond this number take several rows a warp; it fills the largest card several times over.
constexpr std::size_t kMostBlocks = 4096;
constexpr float kEpsilon = 1e-5f;

/// The arguments as a kernel takes them: device addresses, null where a statistic is not kept.
struct Arguments {
  ConstMatrix x;
  const float* gain;
  const float* bias;
  Matrix y;
  float* mean;
  float* inverse_deviation;
};

__device__ float square(float x) {
  return x * x;
}

/// A warp per row, lane l owning columns l, l + 32, ... The row is read three times, from the first-level
/// cache after the first: the variance is taken around the mean, since one pass loses its digits where the
/// mean is large.
__global__ void layer_norm_rows(Arguments a) {
  const std::size_t cols = a.x.cols;
  const unsigned lane = threadIdx.x;
  const std::size_t warps = std::size_t{gridDim.x} * blockDim.y;
  for (std::size_t r = std::size_t{blockIdx.x} * blockDim.y + threadIdx.y; r < a.x.rows; r += warps) {
    const float* in = a.x.data + r * a.x.stride;
    float* out = a.y.data + r * a.y.stride;
    float sum = 0;
    for (std::size_t c = lane; c < cols; c += kWarp) sum += in[c];
    const float mean = warp_sum(sum) / static_cast<float>(cols);
    float squares = 0;
    for (std::size_t c = lane; c < cols; c += kWarp) squares += square(in[c] - mean);
    const float inverse = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(cols) + kEpsilon);
    // y may be x: a lane writes only the columns that it alone reads.
    for (std::size_t c = lane; c < cols; c += kWarp)
      out[c] = a.gain[c] * ((in[c] - mean) * inverse) + a.bias[c];
    if (lane != 0) continue;
    if (a.mean != nullptr) a.mean[r] = mean;
    if (a.inverse_deviation != nullptr) a.inverse_deviation[r] = inverse;
  }
}

}  // namespace

void layer_norm(Stream stream, ConstMatrix x, std::span<const float> gain, std::span<const float> bias,
                Matrix y, std::span<float> mean, std::span<float> inverse_deviation) {
  shapes::layer_norm(x, gain, bias, y, mean, inverse_deviation);
  if (x.rows == 0 || x.cols == 0) return;
  const std::size_t blocks = (x.rows + kWarpsPerBlock - 1) / kWarpsPerBlock;
  launch(layer_norm_rows, static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kWarpsPerBlock,
         stream, Arguments{x, gain.data(), bias.data(), y, mean.data(), inverse_deviation.data()});
}

}  // namespace segue::kernels::cuda
