#pragma once

#include <cmath>

#include "kernels/backend.h"

namespace segue::kernels {

/// What a step of AdamW multiplies by, the same for all elements.
struct AdamFactors {
  explicit AdamFactors(const AdamStep& step)
      : beta1(step.beta1), beta2(step.beta2), epsilon(step.epsilon), keep(1.0f - step.rate * step.decay) {
    const double t = static_cast<double>(step.step);
    rate = static_cast<float>(step.rate / (1.0 - std::pow(static_cast<double>(step.beta1), t)));
    unbias = static_cast<float>(1.0 / (1.0 - std::pow(static_cast<double>(step.beta2), t)));
  }

  float beta1;
  float beta2;
  float epsilon;
  float keep;    ///< what the decay leaves of a weight
  float rate;    ///< rate / (1 - beta1^t)
  float unbias;  ///< 1 / (1 - beta2^t)
};

}  // namespace segue::kernels
