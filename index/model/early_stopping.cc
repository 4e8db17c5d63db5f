#include "index/model/early_stopping.h"

#include <cmath>
#include <numeric>
#include <stdexcept>

namespace segue::index {
namespace {

/// The standard error of the mean of a - b, pair by pair.
double paired_error(std::span<const float> a, std::span<const float> b) {
  if (a.size() < 2) return 0;
  const auto n = static_cast<double>(a.size());
  const double mean = mean_of(a) - mean_of(b);
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]) - mean;
    squares += difference * difference;
  }
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace

double mean_of(std::span<const float> values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool EarlyStopping::add(std::span<const float> values) {
  const std::size_t epoch = ++state_.epochs;
  if (epoch > 1 && values.size() != state_.values.size())
    throw std::invalid_argument("early stopping: another number of sequences");
  const double behind = mean_of(state_.values) - mean_of(values);
  if (epoch == 1 || behind < 0) {
    state_.best = epoch;
    state_.values.assign(values.begin(), values.end());
  } else if (behind > paired_error(state_.values, values)) {
    return false;
  }
  state_.chosen = epoch;
  return true;
}

}  // namespace segue::index
