#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace segue::index {

/// Mixes a seed with a number into another seed (the finaliser of SplitMix64, Steele et al. 2014), so that
/// every place that needs random numbers has a stream of its own and none depends on how much another one has
/// drawn.
constexpr std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15ull * (number + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/// Random numbers that are the same on every platform, which those of <random>'s distributions are not.
/// One per thread.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t next() { return mix_seed(seed_, counter_++); }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Uniform in [0, n); n is positive. The bias of the product form is below n / 2^53.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }
  /// Standard normal (Box and Muller, the cosine half).
  float normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform()));
  }

 private:
  std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

}  // namespace segue::index
