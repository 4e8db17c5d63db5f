#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace segue::index {

/// How the k-th item from the end of a session is weighted, k from 1: k^-rate, rate^(k - 1), or a straight
/// line from 1 for the newest of `length` items down to 1 - rate (length - 1) / length for the oldest, never
/// below 0.
enum class HistoryDecay { kPower, kGeometric, kLinear };

/// length: items of the session that are looked at; only kLinear asks for it.
inline double history_decay(HistoryDecay decay, double rate, std::size_t k, std::size_t length) {
  const double step = static_cast<double>(k - 1);
  switch (decay) {
    case HistoryDecay::kGeometric:
      return std::pow(rate, step);
    case HistoryDecay::kLinear:
      return std::max(0.0, 1 - rate * step / static_cast<double>(length));
    case HistoryDecay::kPower:
      break;
  }
  return std::pow(step + 1, -rate);
}

/// Whether weights neither grow with age nor are without a value.
inline bool is_decay_rate(HistoryDecay decay, double rate) {
  return std::isfinite(rate) && rate >= 0 && (decay == HistoryDecay::kPower || rate <= 1);
}

/// "power", "geometric", "linear": as configuration and files write it.
inline std::string to_string(HistoryDecay decay) {
  if (decay == HistoryDecay::kLinear) return "linear";
  return decay == HistoryDecay::kGeometric ? "geometric" : "power";
}
/// The reverse; nothing for any other text.
inline std::optional<HistoryDecay> parse_history_decay(std::string_view text) {
  for (const auto decay : {HistoryDecay::kPower, HistoryDecay::kGeometric, HistoryDecay::kLinear}) {
    if (text == to_string(decay)) return decay;
  }
  return std::nullopt;
}

}  // namespace segue::index
