#pragma once

#include <cstddef>
#include <span>
#include <string>

struct CUstream_st;

namespace segue::kernels::cuda {

/// A queue of work on the device; null is the default one. The same type as CUDA's cudaStream_t.
using Stream = CUstream_st*;

/// Why no kernel can run on a CUDA device of this machine, a clause without a full stop; empty when one can.
std::string why_no_device();

/// Throws segue::Error (kResource) unless code is cudaSuccess. `doing` completes "CUDA failed while ...".
void check(int code, const char* doing);

/// Floats on the device. Thread-compatible; a device that fails throws segue::Error (kResource).
class DeviceFloats {
 public:
  /// Room for `size` floats of no particular value.
  explicit DeviceFloats(std::size_t size);
  /// A copy of values.
  explicit DeviceFloats(std::span<const float> values);
  ~DeviceFloats();
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;

  /// An address on the device, not to be read by the host.
  float* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::span<float> span() const noexcept { return {data_, size_}; }

  /// Copies all to values, after the work that was queued on the default stream. Sizes must be equal.
  void read(std::span<float> values) const;

 private:
  float* data_ = nullptr;
  std::size_t size_;
};

}  // namespace segue::kernels::cuda
