#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::AdamState;
using reference::Dense;

class Adam : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Adam);

TEST_P(Adam, FollowsTheFormulaOverManySteps) {
  Random random(1);
  for (const std::size_t size : {1, 7, 16, 33, 200}) {
    AdamStep step{0.01f, 0.9f, 0.98f, 1e-8f, 0.1f, 0};
    std::vector<float> weight = random.values(size);
    std::vector<float> first(size);
    std::vector<float> second(size);
    std::vector<AdamState> states(size);
    for (std::size_t i = 0; i < size; ++i) states[i].weight = weight[i];
    for (step.step = 1; step.step <= 30; ++step.step) {
      const std::vector<float> gradient = random.values(size);
      backend().adam(step, gradient, weight, first, second);
      for (std::size_t i = 0; i < size; ++i) states[i] = reference::adam(step, gradient[i], states[i]);
    }
    Dense expected(1, size);
    Dense expected_first(1, size);
    Dense expected_second(1, size);
    for (std::size_t i = 0; i < size; ++i) {
      expected[i] = states[i].weight;
      expected_first[i] = states[i].first_moment;
      expected_second[i] = states[i].second_moment;
    }
    EXPECT_TRUE(near(weight, expected, 2e-6)) << size;
    EXPECT_TRUE(near(first, expected_first, 1e-6)) << size;
    EXPECT_TRUE(near(second, expected_second, 1e-6)) << size;
  }
}

TEST_P(Adam, MovesByTheRateInItsFirstStepHoweverSmallTheGradient) {
  for (const float gradient : {1e-4f, -3.0f, 100.0f}) {
    std::vector<float> weight = {1};
    std::vector<float> first = {0};
    std::vector<float> second = {0};
    backend().adam({0.01f, 0.9f, 0.98f, 1e-8f, 0, 1}, std::vector<float>{gradient}, weight, first, second);
    EXPECT_NEAR(weight[0], gradient > 0 ? 0.99 : 1.01, 2e-6);
  }
}

TEST_P(Adam, OfRowsIsAdamOnThoseRowsAndNothingElsewhere) {
  Random random(2);
  for (const std::size_t cols : {1, 5, 16, 37}) {
    const AdamStep step{0.05f, 0.9f, 0.999f, 1e-6f, 0.01f, 4};
    const std::vector<std::uint32_t> rows = {6, 0, 3};
    Table weight(random, 8, cols);
    Table first(random, 8, cols);
    Table second(random, 8, cols, 0, 1);
    const Table gradient(random, 3, cols);
    Table expected_weight = weight;
    Table expected_first = first;
    Table expected_second = second;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      backend().adam(step, ConstMatrix(gradient).row_span(i), expected_weight.view().row_span(rows[i]),
                     expected_first.view().row_span(rows[i]), expected_second.view().row_span(rows[i]));
    }
    backend().adam_rows(step, rows, gradient, weight, first, second);
    EXPECT_TRUE(near(weight, Dense(expected_weight.view()), 0)) << cols;
    EXPECT_TRUE(near(first, Dense(expected_first.view()), 0)) << cols;
    EXPECT_TRUE(near(second, Dense(expected_second.view()), 0)) << cols;
    EXPECT_TRUE(weight.guards_stand() && first.guards_stand() && second.guards_stand());
  }
}

}  // namespace
}  // namespace segue::kernels
