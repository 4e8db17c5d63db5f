#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {

void CpuBackend::add_bias(Matrix x, std::span<const float> bias) const {
  shapes::bias("add_bias", x, bias);
  for (std::size_t r = 0; r < x.rows; ++r) {
    float* row = x.row(r);
    for (std::size_t c = 0; c < x.cols; ++c) row[c] += bias[c];
  }
}

void CpuBackend::add_bias_backward(ConstMatrix dy, std::span<float> dbias) const {
  shapes::bias("add_bias_backward", dy, dbias);
  for (std::size_t r = 0; r < dy.rows; ++r) {
    const float* row = dy.row(r);
    for (std::size_t c = 0; c < dy.cols; ++c) dbias[c] += row[c];
  }
}

void CpuBackend::axpy(float alpha, std::span<const float> x, std::span<float> y) const {
  shapes::same_size("axpy", "y", y.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] += alpha * x[i];
}

}  // namespace segue::kernels
