#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace segue::index {

/// The mixing function of SplitMix64 (Steele, Lea, Flood 2014): spreads the bits of x over the result.
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// 64 bits of a text that depend on seed and bytes alone (on machines of one byte order). Not for
/// adversaries.
inline std::uint64_t text_hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mix_bits(seed ^ text.size());
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t bytes = text.size() < sizeof word ? text.size() : sizeof word;
    std::memcpy(&word, text.data(), bytes);
    hash = mix_bits(hash ^ word);
    text.remove_prefix(bytes);
  }
  return hash;
}

}  // namespace segue::index
