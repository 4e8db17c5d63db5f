#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace segue::index {

/// The smallest of values[first, last) for any range, in constant time: minima of blocks of 32 values, and a
/// sparse table over the blocks (Bender and Farach-Colton 2000), which takes n / 32 log2(n / 32) integers.
/// Immutable, thread-safe; the values must outlive it.
class RangeMinima {
 public:
  RangeMinima() = default;
  explicit RangeMinima(std::span<const std::int32_t> values);

  /// first < last <= number of values.
  std::int32_t operator()(std::size_t first, std::size_t last) const;

 private:
  std::span<const std::int32_t> values_;
  std::vector<std::int32_t>
      table_;  // [levels, blocks]: level j at b: the smallest of blocks b to b + 2^j - 1
  std::size_t blocks_ = 0;
};

}  // namespace segue::index
