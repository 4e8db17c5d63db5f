#include "kernels/cuda/device_memory.h"

#include <cuda_runtime_api.h>

#include <stdexcept>

#include "kernels/error.h"

namespace segue::kernels::cuda {

std::string why_no_device() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) return std::string("no CUDA device can be used: ") + cudaGetErrorString(error);
  if (count == 0) return "no CUDA device was found";
  return {};
}

void check(int code, const char* doing) {
  if (code == cudaSuccess) return;
  throw Error(ErrorKind::kResource, std::string("CUDA failed while ") + doing + ": " +
                                        cudaGetErrorString(static_cast<cudaError_t>(code)));
}

DeviceFloats::DeviceFloats(std::size_t size) : size_(size) {
  if (size != 0)
    check(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(float)), "reserving device memory");
}

DeviceFloats::DeviceFloats(std::span<const float> values) : DeviceFloats(values.size()) {
  // The delegated constructor is done, so that the destructor runs if this throws.
  check(cudaMemcpy(data_, values.data(), values.size_bytes(), cudaMemcpyHostToDevice),
        "copying to the device");
}

DeviceFloats::~DeviceFloats() {
  cudaFree(data_);
}

void DeviceFloats::read(std::span<float> values) const {
  if (values.size() != size_) throw std::invalid_argument("DeviceFloats::read: the sizes differ");
  check(cudaMemcpy(values.data(), data_, values.size_bytes(), cudaMemcpyDeviceToHost),
        "copying from the device");
}

}  // namespace segue::kernels::cuda
