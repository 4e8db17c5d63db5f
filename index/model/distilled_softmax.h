#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "kernels/backend.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// How much of a narrow model's loss is the wide model's ranking, and how soft that ranking is taken.
struct DistillationOptions {
  double share = 0.7;      ///< alpha, from 0 (the wide model counts nothing) to 1 (the log counts nothing)
  double temperature = 1;  ///< T: above 1, items far down the wide model's ranking teach more

  /// Throws Error (kUsage) that names the option that does not fit.
  void validate() const;
};

/// Logits of some positions: those of the targets [n], and of the negatives that all share [n, k].
struct SampledLogits {
  std::span<float> targets;
  kernels::Matrix negatives;
};

/// What tells the logits' columns: as sampled_softmax of kernels/backend.h takes it.
struct SampledIds {
  std::span<const std::uint32_t> targets;    ///< [n]
  std::span<const std::uint32_t> negatives;  ///< [k]; a row's own target is masked in it
  std::span<const float> log_expected;       ///< [k]
};

/// The loss of a narrow model that learns from a wide one (Hinton, Vinyals, Dean, arXiv:1503.02531) over
/// sampled items:
///
///   (1 - alpha) CE + alpha T^2 sum_j q_j log(q_j / p_j)
///
/// CE is the sampled softmax's; j runs over a position's target and its negatives, and p (the narrow one's)
/// and q (the wide one's) are softmaxes of logit_j / T - log_expected_j: the correction weighs draws, which
/// no temperature changes. One per thread; buffers stay from call to call.
class DistilledSoftmax {
 public:
  explicit DistilledSoftmax(const kernels::Backend& backend) : backend_(backend) {}

  /// Returns the sum of the losses; overwrites the student's logits by the loss's gradient by them, times
  /// gradient_scale, and the teacher's with what nobody needs.
  double compute(const SampledLogits& student, const SampledLogits& teacher, const SampledIds& ids,
                 const DistillationOptions& options, float gradient_scale);

 private:
  double softmax(const SampledLogits& logits, const SampledIds& ids, float gradient_scale) const;
  double block(const SampledLogits& student, const SampledLogits& teacher, const SampledIds& ids,
               const DistillationOptions& options, float gradient_scale);
  double product(const SampledLogits& a, const SampledLogits& b) const;

  /// Logits of a block that are ours.
  struct Buffer {
    MatrixBuffer negatives;
    std::vector<float> targets;

    SampledLogits reshape(std::size_t rows, std::size_t columns);
  };

  const kernels::Backend& backend_;
  Buffer soft_, gap_;
};

}  // namespace segue::index
