#pragma once

#include <cuda_runtime.h>

#include <type_traits>

#include "kernels/cuda/device_memory.h"

namespace segue::kernels::cuda {

/// Threads of a warp, which move together and exchange values by shuffles.
constexpr unsigned kWarp = 32;
constexpr unsigned kWholeWarp = 0xffffffff;

/// The sum of value over the lanes of a warp, the same in each; all of them must call it.
__device__ inline float warp_sum(float value) {
  for (unsigned apart = kWarp / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(kWholeWarp, value, apart);
  return value;
}

/// Queues a kernel on stream: blocks of `warps` warps, threadIdx.x the lane and threadIdx.y the warp. All
/// kernels are launched here, and no source uses the <<<>>> syntax, so that a plain C++ compiler can read
/// them behind another launch.
template <class... Parameters>
void launch(void (*kernel)(Parameters...), unsigned blocks, unsigned warps, Stream stream,
            std::type_identity_t<Parameters>... arguments) {
  void* pointers[] = {&arguments...};
  check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(blocks), dim3(kWarp, warps), pointers, 0,
                         stream),
        "launching a kernel");
}

}  // namespace segue::kernels::cuda
