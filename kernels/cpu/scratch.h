#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace segue::kernels {

/// Room for floats that a thread keeps from call to call, on the boundary of a cache line. One per thread and
/// kernel.
class Scratch {
 public:
  /// At least `count` floats of no particular value, valid until the next take. A room far larger than what
  /// is wanted is given back, so that one long sequence does not hold its memory for good.
  float* take(std::size_t count) {
    if (count > size_ || size_ > kLarge + 4 * count) {
      floats_.reset();
      size_ = 0;
      const std::size_t lines = (count * sizeof(float) + kLine - 1) / kLine + 1;
      floats_.reset(static_cast<float*>(std::aligned_alloc(kLine, lines * kLine)));
      if (!floats_) throw std::bad_alloc();
      size_ = count;
    }
    return floats_.get();
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kLarge = std::size_t{1} << 20;

  struct Free {
    void operator()(float* floats) const { std::free(floats); }
  };
  std::unique_ptr<float, Free> floats_;
  std::size_t size_ = 0;
};

}  // namespace segue::kernels
