#pragma once

#include <cmath>
#include <cstddef>

namespace segue::index {

/// How far predictions of ratings are off.
struct RatingError {
  std::size_t events = 0;
  double rmse = 0;
  double mae = 0;
};

/// Sums up differences between ratings and their predictions. Thread-compatible.
class RatingErrorSum {
 public:
  void add(double difference) {
    ++events_;
    squared_ += difference * difference;
    absolute_ += std::abs(difference);
  }
  /// Of no event: zeros.
  RatingError mean() const {
    if (events_ == 0) return {};
    const auto n = static_cast<double>(events_);
    return {events_, std::sqrt(squared_ / n), absolute_ / n};
  }

 private:
  std::size_t events_ = 0;
  double squared_ = 0;
  double absolute_ = 0;
};

}  // namespace segue::index
