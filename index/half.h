#pragma once

#include <bit>
#include <cstdint>

namespace segue::index {

/// A number of IEEE 754 binary16, as it lies in files: one sign, five exponent and ten fraction bits.
struct Half {
  std::uint16_t bits = 0;
  friend bool operator==(const Half&, const Half&) = default;
};

inline constexpr float kLargestHalf = 65504;
inline constexpr float kSmallestNormalHalf = 6.103515625e-05f;  // 2^-14

/// Exactly the same number.
inline float to_float(Half half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000u) << 16;
  const std::uint32_t exponent = (half.bits >> 10) & 0x1fu;
  const std::uint32_t fraction = half.bits & 0x3ffu;
  if (exponent == 0) {  // zero, or a number below the normal ones: fraction times 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1fu ? 0xffu : exponent + 112;  // 127 - 15
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// The nearest half, ties to the even one. Beyond the largest half: infinity; NaN stays NaN.
inline Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return {static_cast<std::uint16_t>(sign | 0x7e00u)};
  if (magnitude >= 0x47800000u) return {static_cast<std::uint16_t>(sign | 0x7c00u)};  // 2^16 and above
  if (magnitude < 0x38800000u) {
    // Below 2^-14 halves lie 2^-24 apart. Adding .5 in floats, whose last bit is 2^-24 there, rounds to them.
    const float rounded = std::bit_cast<float>(magnitude) + 0.5f;
    return {static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3f000000u))};
  }
  const std::uint32_t odd = magnitude >> 13 & 1;
  const std::uint32_t rounded = magnitude - (112u << 23) + 0xfffu + odd;
  return {static_cast<std::uint16_t>(sign | rounded >> 13)};
}

}  // namespace segue::index
