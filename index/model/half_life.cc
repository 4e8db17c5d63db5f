#include "index/model/half_life.h"

#include <algorithm>
#include <cmath>

#include "index/input/time.h"

namespace segue::index {

std::string to_string(const HalfLife& half_life) {
  return half_life ? format_duration(*half_life) : "none";
}

std::optional<double> newest_time(const TrainingData& data) {
  std::optional<double> newest;
  for (const double time : data.times) {
    if (!std::isnan(time)) newest = std::max(newest.value_or(time), time);
  }
  return newest;
}

std::vector<float> faded_weights(const TrainingData& data, const HalfLife& half_life) {
  std::vector<float> weights = data.weights;
  const std::optional<double> newest = newest_time(data);
  if (!half_life || !newest) return weights;
  double oldest = *newest;
  for (const double time : data.times) {
    if (!std::isnan(time)) oldest = std::min(oldest, time);
  }
  for (std::size_t e = 0; e < weights.size(); ++e) {
    const double time = std::isnan(data.times[e]) ? oldest : data.times[e];
    weights[e] =
        static_cast<float>(static_cast<double>(weights[e]) * std::exp2((time - *newest) / *half_life));
  }
  return weights;
}

}  // namespace segue::index
