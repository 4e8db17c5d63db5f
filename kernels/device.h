#pragma once

#include <string_view>

namespace segue::kernels {

/// Where kernels run. kAuto takes a CUDA device that works, else the CPU.
enum class Device { kAuto, kCpu, kCuda };

constexpr std::string_view to_string(Device device) {
  switch (device) {
    case Device::kCpu:
      return "cpu";
    case Device::kCuda:
      return "cuda";
    case Device::kAuto:
      break;
  }
  return "auto";
}

}  // namespace segue::kernels
