#include "index/model/distilled_softmax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>
#include <vector>

#include "index/model/random_stream.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kPositions = 37;  // two blocks and a part of one
constexpr std::size_t kNegatives = 9;

/// Logits of two models, in double; of each position the target's first, then the negatives'.
struct Problem {
  std::vector<std::vector<double>> student, teacher;
  std::vector<std::uint32_t> targets, negatives;
  std::vector<float> log_expected;
};

Problem random_problem(std::uint64_t seed) {
  RandomStream random(seed);
  Problem problem;
  for (std::uint32_t k = 0; k < kNegatives; ++k) {
    problem.negatives.push_back(2 * k);
    problem.log_expected.push_back(random.normal());
  }
  for (std::size_t t = 0; t < kPositions; ++t) {
    problem.targets.push_back(
        static_cast<std::uint32_t>(random.below(2 * kNegatives)));  // half are negatives
    for (auto* model : {&problem.student, &problem.teacher}) {
      model->emplace_back();
      for (std::size_t j = 0; j <= kNegatives; ++j)
        model->back().push_back(2 * static_cast<double>(random.normal()));
    }
  }
  return problem;
}

/// The softmax of logits / T - log_expected over the target and the negatives that are not it.
std::vector<double> softmax(const Problem& problem, std::size_t position, const std::vector<double>& logits,
                            double temperature) {
  std::vector<double> shares(logits.size());
  double sum = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j > 0 && problem.negatives[j - 1] == problem.targets[position]) continue;
    const double correction = j == 0 ? 0 : static_cast<double>(problem.log_expected[j - 1]);
    sum += shares[j] = std::exp(logits[j] / temperature - correction);
  }
  for (double& share : shares) share /= sum;
  return shares;
}

/// The formula, as it stands in the header.
double naive_loss(const Problem& problem, std::size_t position, const DistillationOptions& options) {
  const double temperature = options.temperature;
  const double share = options.share;
  const std::vector<double> p = softmax(problem, position, problem.student[position], temperature);
  const std::vector<double> q = softmax(problem, position, problem.teacher[position], temperature);
  double divergence = 0;
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (q[j] > 0) divergence += q[j] * std::log(q[j] / p[j]);
  }
  return -(1 - share) * std::log(softmax(problem, position, problem.student[position], 1)[0]) +
         share * temperature * temperature * divergence;
}

/// A problem in floats, as the class takes it.
struct Floats {
  explicit Floats(const Problem& problem) {
    for (const auto& [rows, logits, targets] : {std::tie(problem.student, student, student_targets),
                                                std::tie(problem.teacher, teacher, teacher_targets)}) {
      for (const std::vector<double>& row : rows) {
        targets.push_back(static_cast<float>(row[0]));
        for (std::size_t j = 1; j < row.size(); ++j) logits.push_back(static_cast<float>(row[j]));
      }
    }
  }
  SampledLogits of_student() { return {student_targets, {student.data(), kPositions, kNegatives}}; }
  SampledLogits of_teacher() { return {teacher_targets, {teacher.data(), kPositions, kNegatives}}; }

  std::vector<float> student, student_targets, teacher, teacher_targets;
};

class DistilledSoftmaxTest : public testing::TestWithParam<DistillationOptions> {
 protected:
  double compute(const Problem& problem, Floats& floats, float scale) const {
    return DistilledSoftmax(*backend_).compute(floats.of_student(), floats.of_teacher(),
                                               {problem.targets, problem.negatives, problem.log_expected},
                                               GetParam(), scale);
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

INSTANTIATE_TEST_SUITE_P(SharesAndTemperatures, DistilledSoftmaxTest,
                         testing::Values(DistillationOptions{0, 1}, DistillationOptions{0.3, 1},
                                         DistillationOptions{1, 1}, DistillationOptions{0.6, 2},
                                         DistillationOptions{1, 0.5}));

TEST_P(DistilledSoftmaxTest, TheLossIsTheOneThatTheFormulaGives) {
  const Problem problem = random_problem(4);
  Floats floats(problem);
  double expected = 0;
  for (std::size_t t = 0; t < kPositions; ++t) expected += naive_loss(problem, t, GetParam());
  EXPECT_NEAR(compute(problem, floats, 0.25f), expected, 1e-5 * expected);
}

TEST_P(DistilledSoftmaxTest, TheGradientsAgreeWithFiniteDifferencesOfTheFormula) {
  constexpr double kStep = 1e-5;  // in double: its noise is 1e-11 of the loss
  constexpr float kScale = 0.25f;
  Problem problem = random_problem(9);
  Floats floats(problem);
  compute(problem, floats, kScale);
  for (std::size_t t = 0; t < kPositions; ++t) {
    for (std::size_t j = 0; j <= kNegatives; ++j) {
      double& logit = problem.student[t][j];
      const double before = logit;
      logit = before + kStep;
      const double up = naive_loss(problem, t, GetParam());
      logit = before - kStep;
      const double down = naive_loss(problem, t, GetParam());
      logit = before;
      const float found = j == 0 ? floats.student_targets[t] : floats.student[t * kNegatives + j - 1];
      ASSERT_NEAR(static_cast<double>(found), 0.25 * (up - down) / (2 * kStep), 2e-6)
          << "position " << t << ", logit " << j;
    }
  }
}

TEST(DistilledSoftmax, AShareOfNothingIsTheSampledSoftmaxBitForBit) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const Problem problem = random_problem(2);
  Floats taught(problem);
  Floats alone(problem);
  const SampledIds ids{problem.targets, problem.negatives, problem.log_expected};
  DistilledSoftmax(*backend).compute(taught.of_student(), taught.of_teacher(), ids, {0, 1}, 0.1f);
  backend->sampled_softmax(alone.student_targets, alone.of_student().negatives, ids.targets, ids.negatives,
                           ids.log_expected, 0.1f);
  EXPECT_EQ(taught.student, alone.student);
  EXPECT_EQ(taught.student_targets, alone.student_targets);
}

TEST(DistilledSoftmax, WhoeverAgreesWithTheTeacherHasNothingToLearnFromIt) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  Problem problem = random_problem(3);
  problem.student = problem.teacher;
  Floats floats(problem);
  const double loss = DistilledSoftmax(*backend).compute(
      floats.of_student(), floats.of_teacher(), {problem.targets, problem.negatives, problem.log_expected},
      {1, 2}, 1);
  EXPECT_NEAR(loss, 0, 1e-5);
  for (const float slope : floats.student) EXPECT_EQ(slope, 0);
}

TEST(DistillationOptions, RefuseSharesAndTemperaturesThatAreNone) {
  EXPECT_NO_THROW((DistillationOptions{0, 1}.validate()));
  EXPECT_THROW((DistillationOptions{-0.1, 1}.validate()), Error);
  EXPECT_THROW((DistillationOptions{1.1, 1}.validate()), Error);
  EXPECT_THROW((DistillationOptions{0.5, 0}.validate()), Error);
  EXPECT_THROW((DistillationOptions{0.5, std::nan("")}.validate()), Error);
}

}  // namespace
}  // namespace segue::index
