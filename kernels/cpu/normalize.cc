#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {

void CpuBackend::normalize_rows(ConstMatrix x, float scale, Matrix y, std::span<float> norms) const {
  shapes::normalize_rows(x, y, norms);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const float* in = x.row(r);
    float* out = y.row(r);
    float squares = 0;
    for (std::size_t c = 0; c < x.cols; ++c) squares += in[c] * in[c];
    const float norm = std::sqrt(squares);
    const float factor = norm > 0 ? scale / norm : 0.0f;
    for (std::size_t c = 0; c < x.cols; ++c) out[c] = factor * in[c];
    if (!norms.empty()) norms[r] = norm;
  }
}

void CpuBackend::normalize_rows_backward(ConstMatrix y, float scale, std::span<const float> norms,
                                         ConstMatrix dy, Matrix dx) const {
  shapes::normalize_rows_backward(y, norms, dy, dx);
  for (std::size_t r = 0; r < y.rows; ++r) {
    const float* direction = y.row(r);
    const float* up = dy.row(r);
    float* out = dx.row(r);
    float dot = 0;
    for (std::size_t c = 0; c < y.cols; ++c) dot += direction[c] * up[c];
    // A row of zeros has no direction to turn: its gradient is taken as 0.
    const float factor = norms[r] > 0 ? scale / norms[r] : 0.0f;
    const float along = scale != 0 ? dot / (scale * scale) : 0.0f;
    for (std::size_t c = 0; c < y.cols; ++c) out[c] = factor * (up[c] - along * direction[c]);
  }
}

}  // namespace segue::kernels
