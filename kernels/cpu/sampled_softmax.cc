#include <algorithm>
#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {

double CpuBackend::sampled_softmax(std::span<float> p, Matrix n, std::span<const std::uint32_t> target_ids,
                                   std::span<const std::uint32_t> negative_ids,
                                   std::span<const float> log_expected, float gradient_scale) const {
  shapes::sampled_softmax(p, n, target_ids, negative_ids, log_expected);
  double loss = 0;
  for (std::size_t r = 0; r < n.rows; ++r) {
    float* row = n.row(r);
    float top = p[r];
    for (std::size_t k = 0; k < n.cols; ++k) {
      if (negative_ids[k] != target_ids[r]) top = std::max(top, row[k] - log_expected[k]);
    }
    float others = 0;
    for (std::size_t k = 0; k < n.cols; ++k) {
      row[k] = negative_ids[k] != target_ids[r] ? std::exp(row[k] - log_expected[k] - top) : 0.0f;
      others += row[k];
    }
    const float positive = std::exp(p[r] - top);
    const float total = positive + others;
    loss += p[r] == top ? std::log1p(others) : top - p[r] + std::log(total);
    const float factor = gradient_scale / total;
    for (std::size_t k = 0; k < n.cols; ++k) row[k] *= factor;
    p[r] = -others * factor;  // (positive / total - 1) without its cancellation
  }
  return loss;
}

}  // namespace segue::kernels
