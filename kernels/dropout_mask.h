#pragma once

#include <cstdint>

/// The masks of dropout: a counter-based hash in the manner of Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3" (2011), so that any element's fate is known without the others and the backward kernel
/// needs no stored mask. The vector loops of the backends compute the same integers; a test holds them to
/// these functions.
namespace segue::kernels {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014) after its increment.
constexpr std::uint64_t split_mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Chooses one stream of 2^32 random words.
struct MaskKey {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};

constexpr MaskKey mask_key(std::uint64_t seed, std::uint64_t stream) {
  const std::uint64_t key = split_mix(split_mix(seed) ^ stream);
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

/// The seed of a stream of streams: attention nests (seed, sequence, head) and uses the query as the stream.
constexpr std::uint64_t nested_seed(std::uint64_t seed, std::uint64_t stream) {
  return split_mix(split_mix(seed) ^ stream);
}

/// Word i of a stream: 24 random bits. Multipliers from Wellons' search of 32-bit mixers with low bias.
constexpr std::uint32_t mask_word(MaskKey key, std::uint32_t i) {
  std::uint32_t x = i * 0x9e3779b9 + key.low;
  x = (x ^ (x >> 16)) * 0x21f0aaad;
  x = (x ^ (x >> 15) ^ key.high) * 0x735a2d97;
  x ^= x >> 15;
  return x >> 8;
}

/// A word below this limit drops its element: probability p to within 2^-24.
constexpr std::uint32_t drop_limit(float p) {
  return static_cast<std::uint32_t>(p * 16777216.0f);
}

}  // namespace segue::kernels
