#include <gtest/gtest.h>

#include "kernels/cuda/layer_norm.h"
#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

using reference::Dense;

class LayerNormOnCuda : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why_not = cuda::why_no_device(); !why_not.empty()) GTEST_SKIP() << why_not;
  }
};

/// A matrix on the device, of whose rows a gap keeps the next apart.
struct OnDevice {
  OnDevice(const std::vector<float>& values, std::size_t rows, std::size_t cols, std::size_t stride)
      : floats(values), view(floats.data(), rows, cols, stride) {}
  std::vector<float> read() const {
    std::vector<float> values(floats.size());
    floats.read(values);
    return values;
  }
  cuda::DeviceFloats floats;
  Matrix view;
};

TEST_F(LayerNormOnCuda, MeetsTheReferenceAtAnyWidth) {
  constexpr std::size_t kGap = 3;
  Random random(1);
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 1},
                                   {5, 3},
                                   {7, 31},
                                   {9, 32},
                                   {6, 33},
                                   {50, 64},
                                   {3, 1000},
                                   {20'000, 5}}) {
    const std::size_t stride = cols + kGap;
    const std::vector<float> in = random.values(rows * stride, 9, 11);
    const std::vector<float> gain = random.values(cols, 0.5f, 1.5f);
    const std::vector<float> bias = random.values(cols);
    const OnDevice x(in, rows, cols, stride);
    const OnDevice y(std::vector<float>(in.size(), 7.0f), rows, cols, stride);
    const cuda::DeviceFloats device_gain{std::span<const float>(gain)};
    const cuda::DeviceFloats device_bias{std::span<const float>(bias)};
    const cuda::DeviceFloats mean(rows);
    const cuda::DeviceFloats inverse(rows);
    cuda::layer_norm(nullptr, x.view, device_gain.span(), device_bias.span(), y.view, mean.span(),
                     inverse.span());
    const std::vector<float> out = y.read();
    const Dense expected =
        reference::layer_norm(Dense(ConstMatrix(in.data(), rows, cols, stride)), Dense(gain), Dense(bias));
    EXPECT_TRUE(near(ConstMatrix(out.data(), rows, cols, stride), expected, 1e-5)) << rows << " " << cols;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = cols; c < stride; ++c) ASSERT_EQ(out[r * stride + c], 7.0f) << "beyond row " << r;
    }
    std::vector<float> means(rows);
    mean.read(means);
    for (std::size_t r = 0; r < rows; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c < cols; ++c) sum += in[r * stride + c];
      ASSERT_NEAR(means[r], sum / static_cast<double>(cols), 4e-6) << r;
    }
  }
}

TEST_F(LayerNormOnCuda, WorksInPlaceAndKeepsNoStatisticsUnasked) {
  Random random(2);
  const std::vector<float> in = random.values(9 * 40);
  const std::vector<float> gain = random.values(40);
  const OnDevice x(in, 9, 40, 40);
  const cuda::DeviceFloats device_gain{std::span<const float>(gain)};
  cuda::layer_norm(nullptr, x.view, device_gain.span(), device_gain.span(), x.view, {}, {});
  const std::vector<float> out = x.read();
  const Dense expected =
      reference::layer_norm(Dense(ConstMatrix(in.data(), 9, 40)), Dense(gain), Dense(gain));
  EXPECT_TRUE(near(ConstMatrix(out.data(), 9, 40), expected, 2e-6));
}

}  // namespace
}  // namespace segue::kernels
