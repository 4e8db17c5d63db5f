#include <functional>

#include "tests/kernels/every_backend.h"

// Every backward kernel against central differences of the double reference's forward. With a step of 1e-4 in
// double the difference quotient is right to about 1e-8, so what is judged is the kernel's fp32 alone.

namespace segue::kernels {
namespace {

using reference::Dense;
using reference::weighted_sum;

constexpr double kTolerance = 2e-5;

Dense slope(const std::function<double(const Dense&)>& f, Dense at) {
  constexpr double kStep = 1e-4;
  Dense result(at.rows, at.cols);
  for (std::size_t i = 0; i < at.values.size(); ++i) {
    const double here = at[i];
    at[i] = here + kStep;
    const double up = f(at);
    at[i] = here - kStep;
    const double down = f(at);
    at[i] = here;
    result[i] = (up - down) / (2 * kStep);
  }
  return result;
}

Dense plus(Dense a, const Dense& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a[i] += b[i];
  return a;
}

class Gradients : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Gradients);

TEST_P(Gradients, OfLayerNormAreItsSlopes) {
  Random random(1);
  for (const std::size_t cols : {2, 7, 16, 35}) {
    const Table x(random, 6, cols);
    const Table dy(random, 6, cols);
    const std::vector<float> gain = random.values(cols, 0.5f, 1.5f);
    const std::vector<float> bias = random.values(cols);
    Table y(6, cols);
    Table dx(6, cols);
    std::vector<float> mean(6);
    std::vector<float> inverse(6);
    std::vector<float> dgain = random.values(cols);
    std::vector<float> dbias = random.values(cols);
    const Dense dgain_before(dgain);
    const Dense dbias_before(dbias);
    backend().layer_norm(x, gain, bias, y, mean, inverse);
    backend().layer_norm_backward(x, dy, gain, mean, inverse, dx, dgain, dbias);

    const Dense x0{ConstMatrix(x)};
    const Dense weight{ConstMatrix(dy)};
    const auto loss = [&](const Dense& a, const Dense& g, const Dense& b) {
      return weighted_sum(reference::layer_norm(a, g, b), weight);
    };
    EXPECT_TRUE(
        near(dx, slope([&](const Dense& a) { return loss(a, Dense(gain), Dense(bias)); }, x0), kTolerance));
    const Dense by_gain = slope([&](const Dense& g) { return loss(x0, g, Dense(bias)); }, Dense(gain));
    EXPECT_TRUE(near(dgain, plus(dgain_before, by_gain), kTolerance)) << "adds to what was there";
    const Dense by_bias = slope([&](const Dense& b) { return loss(x0, Dense(gain), b); }, Dense(bias));
    EXPECT_TRUE(near(dbias, plus(dbias_before, by_bias), kTolerance)) << "adds to what was there";
    EXPECT_TRUE(dx.guards_stand());
  }
}

TEST_P(Gradients, OfGeluAreItsSlopesAlsoInPlace) {
  Random random(2);
  const std::vector<float> x = random.values(133, -5, 5);
  std::vector<float> dy = random.values(133);
  const Dense weight(dy);
  backend().gelu_backward(x, dy, dy);
  EXPECT_TRUE(near(
      dy, slope([&](const Dense& a) { return weighted_sum(reference::gelu(a), weight); }, Dense(x)), 2e-6));
}

TEST_P(Gradients, OfNormalisedRowsAreTheirSlopes) {
  Random random(3);
  for (const std::size_t cols : {1, 5, 16, 37}) {
    const Table x(random, 4, cols, 0.2f, 1);
    const Table dy(random, 4, cols);
    Table y(4, cols);
    Table dx(4, cols);
    std::vector<float> norms(4);
    backend().normalize_rows(x, 3.0f, y, norms);
    backend().normalize_rows_backward(y, 3.0f, norms, dy, dx);
    const Dense weight{ConstMatrix(dy)};
    const auto loss = [&](const Dense& a) { return weighted_sum(reference::normalize_rows(a, 3), weight); };
    EXPECT_TRUE(near(dx, slope(loss, Dense(ConstMatrix(x))), kTolerance)) << cols;
    EXPECT_TRUE(dx.guards_stand());
  }
}

TEST_P(Gradients, OfARowOfZerosAreZero) {
  Table zeros(1, 8);
  for (std::size_t c = 0; c < 8; ++c) zeros(0, c) = 0;
  Random random(4);
  const Table dy(random, 1, 8);
  Table dx(1, 8);
  const std::vector<float> norms = {0};
  backend().normalize_rows_backward(zeros, 3.0f, norms, dy, dx);
  EXPECT_TRUE(near(dx, Dense(1, 8), 0));
}

TEST_P(Gradients, OfDropoutAreTheSameCall) {
  Random random(5);
  const std::vector<float> x = random.values(77);
  std::vector<float> dy = random.values(77);
  const Dense weight(dy);
  backend().dropout(dy, 0.4f, 11);
  const auto loss = [&](const Dense& a) { return weighted_sum(reference::dropout(a, 0.4f, 11), weight); };
  EXPECT_TRUE(near(dy, slope(loss, Dense(x)), 1e-6));
}

TEST_P(Gradients, OfAttentionAreItsSlopes) {
  Random random(6);
  for (const AttentionShape& shape : {AttentionShape{2, 5, 0, 0}, AttentionShape{1, 16, 0.3f, 5}}) {
    const std::vector<std::uint32_t> offsets = {0, 1, 8, 8, 19};
    const std::size_t width = shape.heads * shape.head_size;
    const Table q(random, 19, width);
    const Table k(random, 19, width);
    const Table v(random, 19, width);
    const Table dout(random, 19, width);
    Table out(19, width);
    Table log_sum_exp(19, shape.heads);
    Table dq(19, width);
    Table dk(19, width);
    Table dv(19, width);
    backend().attention(shape, offsets, q, k, v, out, log_sum_exp);
    backend().attention_backward(shape, offsets, q, k, v, out, log_sum_exp, dout, dq, dk, dv);

    const Dense q0{ConstMatrix(q)};
    const Dense k0{ConstMatrix(k)};
    const Dense v0{ConstMatrix(v)};
    const Dense weight{ConstMatrix(dout)};
    const auto loss = [&](const Dense& a, const Dense& b, const Dense& c) {
      return weighted_sum(reference::attention(shape, offsets, a, b, c).out, weight);
    };
    EXPECT_TRUE(near(dq, slope([&](const Dense& a) { return loss(a, k0, v0); }, q0), kTolerance));
    EXPECT_TRUE(near(dk, slope([&](const Dense& b) { return loss(q0, b, v0); }, k0), kTolerance));
    EXPECT_TRUE(near(dv, slope([&](const Dense& c) { return loss(q0, k0, c); }, v0), kTolerance));
    EXPECT_TRUE(dq.guards_stand() && dk.guards_stand() && dv.guards_stand());
  }
}

TEST_P(Gradients, OfSampledSoftmaxAreItsSlopes) {
  Random random(7);
  for (const std::size_t negatives : {1, 7, 16, 37}) {
    std::vector<float> p = random.values(5, -3, 3);
    Table n(random, 5, negatives, -3, 3);
    std::vector<std::uint32_t> targets(5);
    std::vector<std::uint32_t> ids(negatives);
    for (std::uint32_t& id : targets) id = random.below(9);
    for (std::uint32_t& id : ids) id = random.below(9);  // collides with targets now and then
    const std::vector<float> log_expected = random.values(negatives, -2, 1);
    const Dense p0(p);
    const Dense n0(n.view());
    const double loss = backend().sampled_softmax(p, n, targets, ids, log_expected, 0.25f);

    const auto expected = [&](const Dense& a, const Dense& b) {
      return reference::sampled_softmax(a, b, targets, ids, Dense(log_expected));
    };
    EXPECT_NEAR(loss, expected(p0, n0), 5e-6);
    EXPECT_TRUE(near(p, slope([&](const Dense& a) { return 0.25 * expected(a, n0); }, p0), 1e-6))
        << negatives;
    EXPECT_TRUE(near(n, slope([&](const Dense& b) { return 0.25 * expected(p0, b); }, n0), 1e-6))
        << negatives;
    EXPECT_TRUE(n.guards_stand());
  }
}

}  // namespace
}  // namespace segue::kernels
