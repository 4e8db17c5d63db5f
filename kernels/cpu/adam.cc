#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

/// What one step multiplies by, the same for all elements.
struct Factors {
  explicit Factors(const AdamStep& step)
      : beta1(step.beta1), beta2(step.beta2), epsilon(step.epsilon), keep(1.0f - step.rate * step.decay) {
    const double count = static_cast<double>(step.step);
    rate = static_cast<float>(step.rate / (1.0 - std::pow(static_cast<double>(step.beta1), count)));
    unbias = static_cast<float>(1.0 / (1.0 - std::pow(static_cast<double>(step.beta2), count)));
  }

  float beta1;
  float beta2;
  float epsilon;
  float keep;    ///< what the decay leaves of a weight
  float rate;    ///< the rate over 1 - beta1^t
  float unbias;  ///< 1 / (1 - beta2^t)
};

void update(const Factors& f, const float* gradient, float* weight, float* first, float* second,
            std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    first[i] = f.beta1 * first[i] + (1.0f - f.beta1) * gradient[i];
    second[i] = f.beta2 * second[i] + (1.0f - f.beta2) * gradient[i] * gradient[i];
    weight[i] = f.keep * weight[i] - f.rate * first[i] / (std::sqrt(second[i] * f.unbias) + f.epsilon);
  }
}

}  // namespace

void CpuBackend::adam(const AdamStep& step, std::span<const float> gradient, std::span<float> weight,
                      std::span<float> first_moment, std::span<float> second_moment) const {
  shapes::adam(step, gradient, weight, first_moment, second_moment);
  update(Factors(step), gradient.data(), weight.data(), first_moment.data(), second_moment.data(),
         weight.size());
}

void CpuBackend::adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
                           Matrix weight, Matrix first_moment, Matrix second_moment) const {
  shapes::adam_rows(step, rows, gradient, weight, first_moment, second_moment);
  const Factors factors(step);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    update(factors, gradient.row(i), weight.row(rows[i]), first_moment.row(rows[i]),
           second_moment.row(rows[i]), weight.cols);
  }
}

}  // namespace segue::kernels
