#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/model/session_encoder.h"
#include "kernels/backend.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

std::vector<ItemId> random_session(std::size_t length, std::size_t items, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<ItemId> session(length);
  for (ItemId& item : session) item = static_cast<ItemId>(2 * random.below(items) + 1);
  return session;
}

float largest_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

struct Shape {
  std::size_t width, layers, heads, feed_forward, window;
};

class SessionEncoderTest : public testing::TestWithParam<Shape> {
 protected:
  SessionEncoderTest()
      : weights_(random_weights({.width = GetParam().width,
                                 .layers = GetParam().layers,
                                 .heads = GetParam().heads,
                                 .feed_forward = GetParam().feed_forward,
                                 .window = GetParam().window},
                                40, 7)),
        backend_(kernels::make_backend(kernels::Device::kCpu)),
        encoder_(weights_, *backend_) {}

  TransformerWeights weights_;
  std::unique_ptr<kernels::Backend> backend_;
  SessionEncoder encoder_;
};

INSTANTIATE_TEST_SUITE_P(Shapes, SessionEncoderTest,
                         testing::Values(Shape{8, 1, 1, 8, 5}, Shape{24, 2, 3, 40, 12},
                                         Shape{64, 3, 4, 64, 20}, Shape{128, 2, 2, 128, 50}));

// The bound of the design: steps and full passes add the same terms in another order.
TEST_P(SessionEncoderTest, StepByStepEqualsTheFullPassAtEveryPositionAndBeyondTheWindow) {
  const std::size_t window = GetParam().window;
  const std::vector<ItemId> session = random_session(window + 4, 40, 3);
  SessionState state = encoder_.start();
  for (std::size_t t = 0; t < session.size(); ++t) {
    ASSERT_TRUE(encoder_.append(state, session[t]));
    const std::vector<float> full = encoder_.encode(std::span(session.data(), t + 1));
    EXPECT_LT(largest_difference(state.output(), full), 1e-5f) << "at event " << t;
    EXPECT_EQ(state.events(), std::min(t + 1, window));
  }
}

TEST_P(SessionEncoderTest, WhatComesLaterNeverChangesAnEarlierPosition) {
  const std::vector<ItemId> session = random_session(GetParam().window, 40, 5);
  const std::vector<std::uint32_t> rows = encoder_.rows(session);
  const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(rows.size())};
  MatrixBuffer all;
  encoder_.encode_positions(rows, offsets, all.reshape(rows.size(), encoder_.width()));
  for (std::size_t t = 0; t < rows.size(); ++t) {
    EXPECT_LT(largest_difference(all.view().row_span(t), encoder_.encode(std::span(session.data(), t + 1))), 1e-5f);
  }
}

TEST_P(SessionEncoderTest, PackedSessionsDoNotSeeEachOther) {
  std::vector<std::uint32_t> packed;
  std::vector<std::uint32_t> offsets{0};
  std::vector<std::vector<ItemId>> sessions;
  for (std::size_t length : {std::size_t{1}, GetParam().window, std::size_t{3}}) {
    sessions.push_back(random_session(length, 40, 11 + length));
    const auto rows = encoder_.rows(sessions.back());
    packed.insert(packed.end(), rows.begin(), rows.end());
    offsets.push_back(static_cast<std::uint32_t>(packed.size()));
  }
  MatrixBuffer out;
  encoder_.encode_batch(packed, offsets, out.reshape(sessions.size(), encoder_.width()));
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    EXPECT_LT(largest_difference(out.view().row_span(s), encoder_.encode(sessions[s])), 1e-5f);
  }
}

TEST_P(SessionEncoderTest, OutputHasUnitLength) {
  double square = 0;
  for (const float x : encoder_.encode(random_session(4, 40, 2)))
    square += static_cast<double>(x) * static_cast<double>(x);
  EXPECT_NEAR(square, 1, 1e-5);
}

TEST_P(SessionEncoderTest, UnknownItemsAreSkipped) {
  EXPECT_EQ(encoder_.encode(std::vector<ItemId>{2, 5, 0, 9, 1000}),
            encoder_.encode(std::vector<ItemId>{5, 9}));
  EXPECT_TRUE(encoder_.encode(std::vector<ItemId>{2, 4}).empty());
  SessionState state = encoder_.start();
  EXPECT_FALSE(encoder_.append(state, 4));
  EXPECT_EQ(state.events(), 0u);
  EXPECT_TRUE(state.output().empty());
}

TEST_P(SessionEncoderTest, OnlyTheNewestEventsOfALongSessionCount) {
  const std::vector<ItemId> session = random_session(GetParam().window + 7, 40, 13);
  EXPECT_EQ(encoder_.encode(session), encoder_.encode(std::span(session.data() + 7, GetParam().window)));
}

TEST_P(SessionEncoderTest, RefusesPackedSessionsThatDoNotFit) {
  MatrixBuffer out;
  const std::vector<std::uint32_t> rows(GetParam().window + 1, 0);
  const std::uint32_t too_long[] = {0, static_cast<std::uint32_t>(rows.size())};
  EXPECT_THROW(encoder_.encode_batch(rows, too_long, out.reshape(1, encoder_.width())),
               std::invalid_argument);
  const std::uint32_t missing_row[] = {40};
  const std::uint32_t one[] = {0, 1};
  EXPECT_THROW(encoder_.encode_batch(missing_row, one, out.reshape(1, encoder_.width())),
               std::invalid_argument);
  const std::uint32_t with_an_empty_one[] = {0, 1, 1};
  EXPECT_THROW(encoder_.encode_batch({rows.data(), 1}, with_an_empty_one, out.reshape(2, encoder_.width())),
               std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
