#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

// Scores are sums of head_size products; softmax and the weighted mean of values add a few roundings each.
constexpr double kTolerance = 3e-6;

struct Case {
  AttentionShape shape;
  std::vector<std::uint32_t> offsets;
};

std::vector<Case> cases() {
  return {
      {{1, 1, 0, 0}, {0, 1}},
      {{1, 16, 0, 0}, {0, 5}},
      {{2, 32, 0, 0}, {0, 1, 8, 8, 58}},  // an empty sequence among others
      {{2, 64, 0.2f, 7}, {0, 50, 57}},    // with dropout
      {{3, 5, 0, 0}, {0, 17, 20, 53}},    // a width no vector unit likes
      {{2, 33, 0.5f, 9}, {0, 2, 131}},    // longer than any window
      {{2, 64, 0, 0}, {0}},               // nothing at all
  };
}

/// q, k and v as column blocks of one matrix, as the encoder keeps them.
struct Packed {
  Packed(Random& random, const Case& one)
      : tokens(one.offsets.back()),
        width(one.shape.heads * one.shape.head_size),
        table(random, tokens, 3 * width, -2, 2) {}
  ConstMatrix part(std::size_t i) const { return ConstMatrix(table).cols_at(i * width, width); }
  ConstMatrix q() const { return part(0); }
  ConstMatrix k() const { return part(1); }
  ConstMatrix v() const { return part(2); }

  std::size_t tokens;
  std::size_t width;
  Table table;
};

class AttentionKernels : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(AttentionKernels);

TEST_P(AttentionKernels, MeetTheReferenceOnRaggedSequences) {
  Random random(1);
  for (const Case& one : cases()) {
    const Packed in(random, one);
    Table out(in.tokens, in.width);
    Table log_sum_exp(in.tokens, one.shape.heads);
    backend().attention(one.shape, one.offsets, in.q(), in.k(), in.v(), out, log_sum_exp);
    const reference::Attention expected =
        reference::attention(one.shape, one.offsets, Dense(in.q()), Dense(in.k()), Dense(in.v()));
    EXPECT_TRUE(near(out, expected.out, kTolerance)) << in.tokens << " tokens";
    EXPECT_TRUE(near(log_sum_exp, expected.log_sum_exp, kTolerance)) << in.tokens << " tokens";
    EXPECT_TRUE(out.guards_stand() && log_sum_exp.guards_stand());
  }
}

TEST_P(AttentionKernels, SeeNoLaterKey) {
  Random random(2);
  const Case one{{2, 32, 0, 0}, {0, 20}};
  Packed in(random, one);
  Table before(20, 64);
  Table after(20, 64);
  backend().attention(one.shape, one.offsets, in.q(), in.k(), in.v(), before, Matrix());
  for (std::size_t c = 0; c < 3 * in.width; ++c) in.table(19, c) = 1e6f;
  backend().attention(one.shape, one.offsets, in.q(), in.k(), in.v(), after, Matrix());
  for (std::size_t t = 0; t < 19; ++t) {
    for (std::size_t c = 0; c < 64; ++c) EXPECT_EQ(before(t, c), after(t, c)) << t << " " << c;
  }
}

TEST_P(AttentionKernels, StayFiniteWhereScoresAreLarge) {
  Random random(3);
  const Case one{{1, 16, 0, 0}, {0, 9}};
  const Packed in(random, one);
  Table wide(9, 16);
  for (std::size_t t = 0; t < 9; ++t) {
    for (std::size_t c = 0; c < 16; ++c) wide(t, c) = 100 * in.q()(t, c);
  }
  Table out(9, 16);
  backend().attention(one.shape, one.offsets, wide, wide, in.v(), out, Matrix());
  for (std::size_t t = 0; t < 9; ++t) {
    for (std::size_t c = 0; c < 16; ++c) EXPECT_LE(std::abs(out(t, c)), 2.001f);
  }
}

TEST_P(AttentionKernels, ShowANaNInAKeyToEachQueryThatSeesIt) {
  Random random(5);
  const Case one{{2, 16, 0, 0}, {0, 20, 25}};
  Packed in(random, one);
  in.table(7, in.width) = std::numeric_limits<float>::quiet_NaN();  // key 7, first head
  Table out(25, in.width);
  backend().attention(one.shape, one.offsets, in.q(), in.k(), in.v(), out, Matrix());
  for (std::size_t t = 0; t < 25; ++t) {
    EXPECT_EQ(std::isnan(out(t, 0)), t >= 7 && t < 20) << t;
    EXPECT_FALSE(std::isnan(out(t, 16))) << t;
  }
}

TEST_P(AttentionKernels, GiveTheSameOneStepAtATime) {
  Random random(4);
  for (const auto& [heads, head_size] :
       {std::pair<std::size_t, std::size_t>{2, 64}, {3, 5}, {1, 33}, {4, 16}}) {
    const Case one{{heads, head_size, 0, 0}, {0, 53}};
    const Packed in(random, one);
    Table whole(53, in.width);
    backend().attention(one.shape, one.offsets, in.q(), in.k(), in.v(), whole, Matrix());
    std::vector<float> step(in.width);
    for (std::size_t t = 0; t < 53; ++t) {
      backend().attention_step(one.shape, in.q().row_span(t), in.k().rows_at(0, t + 1),
                               in.v().rows_at(0, t + 1), step);
      EXPECT_TRUE(near(step, Dense(whole.view().row_span(t)), 1e-6)) << t;
    }
  }
}

}  // namespace
}  // namespace segue::kernels
