#include "index/model/distilled_softmax.h"

#include <algorithm>
#include <cmath>

#include "kernels/error.h"

namespace segue::index {
namespace {

/// Positions whose logits are worked on at once: [16, 2048] floats of each kind stay in a core's caches.
constexpr std::size_t kBlockRows = 16;

/// Targets and negatives of several logits of one shape, element by element.
template <class Function, class... Logits>
void each(const Function& function, const SampledLogits& first, const Logits&... rest) {
  for (std::size_t i = 0; i < first.targets.size(); ++i) function(first.targets[i], rest.targets[i]...);
  const std::size_t count = first.negatives.rows * first.negatives.cols;
  for (std::size_t i = 0; i < count; ++i) function(first.negatives.data[i], rest.negatives.data[i]...);
}

SampledLogits rows_at(const SampledLogits& logits, std::size_t begin, std::size_t count) {
  return {logits.targets.subspan(begin, count), logits.negatives.rows_at(begin, count)};
}

}  // namespace

void DistillationOptions::validate() const {
  if (!(share >= 0 && share <= 1)) throw Error(ErrorKind::kUsage, "must be from 0 to 1", "distill.share");
  if (!(std::isfinite(temperature) && temperature > 0))
    throw Error(ErrorKind::kUsage, "must be positive", "distill.temperature");
}

double DistilledSoftmax::softmax(const SampledLogits& logits, const SampledIds& ids,
                                 float gradient_scale) const {
  return backend_.sampled_softmax(logits.targets, logits.negatives, ids.targets, ids.negatives,
                                  ids.log_expected, gradient_scale);
}

SampledLogits DistilledSoftmax::Buffer::reshape(std::size_t rows, std::size_t columns) {
  targets.resize(rows);
  return {targets, negatives.reshape(rows, columns)};
}

/// The sum of the products of their elements.
double DistilledSoftmax::product(const SampledLogits& a, const SampledLogits& b) const {
  double sum = 0;
  for (std::size_t r = 0; r < a.negatives.rows; ++r) {
    float row = 0;
    backend_.matvec(a.negatives.rows_at(r, 1), b.negatives.row_span(r), {&row, 1});
    sum += static_cast<double>(row) + static_cast<double>(a.targets[r]) * static_cast<double>(b.targets[r]);
  }
  return sum;
}

double DistilledSoftmax::block(const SampledLogits& student, const SampledLogits& teacher,
                               const SampledIds& ids, const DistillationOptions& options,
                               float gradient_scale) {
  const std::size_t n = student.negatives.rows;
  const std::size_t k = student.negatives.cols;
  const bool softened = options.temperature != 1;
  SampledLogits soft = student;  // at T = 1 the two softmaxes of the student are one
  if (softened) {
    soft = soft_.reshape(n, k);
    const auto softness = static_cast<float>(1 / options.temperature);
    each([&](float& out, float logit) { out = softness * logit; }, soft, student);
    each([&](float& logit) { logit *= softness; }, teacher);
  }
  const SampledLogits gap = gap_.reshape(n, k);
  each([](float& out, float q, float p) { out = q - p; }, gap, teacher, soft);

  const double hard_loss = softmax(student, ids, gradient_scale);
  const double soft_loss = softened ? softmax(soft, ids, gradient_scale) : hard_loss;
  const double teacher_loss = softmax(teacher, ids, gradient_scale);
  // sum_j q_j log(q_j / p_j) = sum_j q_j gap_j - log Zq + log Zp, where the corrections of j cancel, and the
  // losses are log Z less the target's logit. The teacher's gradient is q_j, less 1 for the target.
  const double divergence =
      product(teacher, gap) / static_cast<double>(gradient_scale) + soft_loss - teacher_loss;

  const auto hard_share = static_cast<float>(1 - options.share);
  const auto soft_share = static_cast<float>(options.share * options.temperature);
  each([&](float& hard, float p, float q) { hard = hard_share * hard + soft_share * (p - q); }, student, soft,
       teacher);
  return (1 - options.share) * hard_loss +
         options.share * options.temperature * options.temperature * divergence;
}

double DistilledSoftmax::compute(const SampledLogits& student, const SampledLogits& teacher,
                                 const SampledIds& ids, const DistillationOptions& options,
                                 float gradient_scale) {
  double loss = 0;
  for (std::size_t begin = 0; begin < student.targets.size(); begin += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, student.targets.size() - begin);
    loss +=
        block(rows_at(student, begin, count), rows_at(teacher, begin, count),
              {ids.targets.subspan(begin, count), ids.negatives, ids.log_expected}, options, gradient_scale);
  }
  return loss;
}

}  // namespace segue::index
