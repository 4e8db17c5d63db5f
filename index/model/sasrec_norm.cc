#include "index/model/sasrec_norm.h"

#include <cmath>

namespace segue::index {
namespace {

constexpr double kEpsilon = 1e-8;

}  // namespace

void sasrec_layer_norm(kernels::ConstMatrix x, std::span<const float> gain, std::span<const float> bias,
                       kernels::Matrix y, std::span<float> mean, std::span<float> inverse) {
  const auto d = static_cast<double>(x.cols);
  for (std::size_t r = 0; r < x.rows; ++r) {
    double middle = 0;
    for (const float value : x.row_span(r)) middle += static_cast<double>(value) / d;
    double variance = 0;
    for (const float value : x.row_span(r)) {
      const double difference = static_cast<double>(value) - middle;
      variance += difference * difference / d;
    }
    const double factor = 1 / std::sqrt(variance + kEpsilon);
    for (std::size_t c = 0; c < x.cols; ++c)
      y(r, c) = static_cast<float>((static_cast<double>(x(r, c)) - middle) * factor) * gain[c] + bias[c];
    if (!mean.empty()) mean[r] = static_cast<float>(middle);
    if (!inverse.empty()) inverse[r] = static_cast<float>(factor);
  }
}

}  // namespace segue::index
