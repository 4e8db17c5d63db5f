#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backend.h"

namespace segue::kernels {

/// Every kernel on the calling thread: matrix products by OpenBLAS, the loops by vector code chosen at run
/// time for the processor at hand. Each kernel's file is named after it.
class CpuBackend final : public Backend {
 public:
  /// Tells OpenBLAS, for the whole process, to use the calling thread alone.
  CpuBackend();

  std::string_view name() const noexcept override { return "cpu"; }
  Device device() const noexcept override { return Device::kCpu; }
  std::string description() const override;

  void matmul(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, float alpha, float beta,
              Matrix c) const override;
  void matvec(ConstMatrix x, std::span<const float> v, std::span<float> y) const override;

  void add_bias(Matrix x, std::span<const float> bias) const override;
  void add_bias_backward(ConstMatrix dy, std::span<float> dbias) const override;
  void axpy(float alpha, std::span<const float> x, std::span<float> y) const override;

  void layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, Matrix y,
                  std::span<float> mean, std::span<float> inverse_deviation) const override;
  void layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                           std::span<const float> mean, std::span<const float> inverse_deviation, Matrix dx,
                           std::span<float> dgain, std::span<float> dbias) const override;

  void gelu(std::span<const float> x, std::span<float> y) const override;
  void gelu_backward(std::span<const float> x, std::span<const float> dy, std::span<float> dx) const override;

  void normalize_rows(ConstMatrix x, float scale, Matrix y, std::span<float> norms) const override;
  void normalize_rows_backward(ConstMatrix y, float scale, std::span<const float> norms, ConstMatrix dy,
                               Matrix dx) const override;

  void dropout(std::span<float> x, float p, std::uint64_t seed) const override;

  void attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k, ConstMatrix v,
                 Matrix out, Matrix log_sum_exp) const override;
  void attention_backward(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k,
                          ConstMatrix v, ConstMatrix out, ConstMatrix log_sum_exp, ConstMatrix dout,
                          Matrix dq, Matrix dk, Matrix dv) const override;
  void attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                      ConstMatrix values, std::span<float> out) const override;

  double sampled_softmax(std::span<float> p, Matrix n, std::span<const std::uint32_t> target_ids,
                         std::span<const std::uint32_t> negative_ids, std::span<const float> log_expected,
                         float gradient_scale) const override;

  void adam(const AdamStep& step, std::span<const float> gradient, std::span<float> weight,
            std::span<float> first_moment, std::span<float> second_moment) const override;
  void adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
                 Matrix weight, Matrix first_moment, Matrix second_moment) const override;

  void als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
                 std::span<const float> confidence, float ridge, std::span<float> x) const override;
  void als_descend(const AlsRows& rows, std::span<const float> diagonal, ConstMatrix factors,
                   std::size_t steps, Matrix x) const override;

  std::vector<Scored> top_k(std::span<const float> scores, std::size_t k,
                            std::span<const std::uint64_t> allowed) const override;
};

std::unique_ptr<Backend> make_cpu_backend();

}  // namespace segue::kernels
