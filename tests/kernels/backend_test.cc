#include <cstring>

#include "kernels/error.h"
#include "kernels/thread_pool.h"
#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

TEST(Backends, BeginWithTheCpuAndNameEachDeviceOnce) {
  const auto backends = available_backends();
  ASSERT_FALSE(backends.empty());
  for (std::size_t i = 0; i < backends.size(); ++i) {
    EXPECT_EQ(backends[i]->name(), to_string(backends[i]->device()));
    EXPECT_FALSE(backends[i]->description().empty());
    EXPECT_EQ(backends[i]->device(), i == 0 ? Device::kCpu : Device::kCuda);
  }
}

TEST(Backends, GiveTheDeviceThatWasAskedForOrSayWhyNot) {
  EXPECT_EQ(make_backend(Device::kCpu)->device(), Device::kCpu);
  EXPECT_NE(make_backend(Device::kAuto), nullptr);
  try {
    EXPECT_EQ(make_backend(Device::kCuda)->device(), Device::kCuda);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kResource);
    EXPECT_GT(std::string(error.what()).size(), std::string("the CUDA backend cannot be had: ").size());
    EXPECT_EQ(make_backend(Device::kAuto)->device(), Device::kCpu);
  }
}

TEST(InstructionSets, AreChosenByNameAndOthersRefused) {
  ASSERT_FALSE(instruction_sets().empty());
  for (const std::string& set : instruction_sets()) EXPECT_NO_THROW(use_instruction_set(set));
  use_instruction_set({});
  EXPECT_THROW(use_instruction_set("MMX"), std::invalid_argument);
}

class Bits : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Bits);

/// Runs the kernels whose sums could be taken in another order, on operands that begin at an odd address or
/// an even one.
std::vector<float> run_all(const Backend& on, std::size_t gap) {
  Random random(5);
  const auto fill = [&](Matrix m) {
    for (std::size_t r = 0; r < m.rows; ++r) {
      for (float& value : m.row_span(r)) value = random.in(-1, 1);
    }
  };
  Table a(37, 64, gap);
  Table b(37, 64, gap);
  Table c(37, 37, gap);
  Table y(37, 64, gap);
  fill(a);
  fill(b);
  const std::vector<float> gain = random.values(64);
  std::vector<float> result;
  const auto keep = [&](Matrix m) {
    for (std::size_t r = 0; r < m.rows; ++r) result.insert(result.end(), m.row(r), m.row(r) + m.cols);
  };
  on.matmul(a, Op::kNone, b, Op::kTranspose, 1, 0, c);
  keep(c);
  on.layer_norm(a, gain, gain, y, {}, {});
  keep(y);
  const std::vector<std::uint32_t> offsets = {0, 5, 37};
  on.attention({2, 32, 0.1f, 3}, offsets, a, b, b, y, Matrix());
  keep(y);
  on.attention_step({2, 32, 0, 0}, a.view().row_span(0), b, b, y.view().row_span(0));
  keep(y.view().rows_at(0, 1));
  std::vector<float> x(64);
  Table gram(64, 64, gap);
  on.matmul(a, Op::kTranspose, a, Op::kNone, 1, 0, gram);
  on.als_solve(gram, b, std::vector<std::uint32_t>{3, 5, 7}, std::vector<float>{1, 2, 3}, 1, x);
  result.insert(result.end(), x.begin(), x.end());
  const std::vector<std::size_t> rows = {0, 3};
  const std::vector<std::uint32_t> items = {3, 5, 7};
  on.als_descend({rows, items, std::span(gain).first(3), std::span(gain).first(1), 0.1f},
                 std::vector<float>(64, 5.0f), b, 2, y.view().rows_at(0, 1));
  keep(y.view().rows_at(0, 1));
  return result;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST_P(Bits, DoNotDependOnWhereTheOperandsLie) {
  const std::vector<float> expected = run_all(backend(), 0);
  for (const std::size_t gap : {1, 3, 16}) EXPECT_TRUE(same_bits(run_all(backend(), gap), expected)) << gap;
}

TEST_P(Bits, DoNotDependOnTheThreadsAround) {
  const std::vector<float> expected = run_all(backend(), 1);
  std::vector<std::vector<float>> results(24);
  ThreadPool(4).run(results.size(), [&](std::size_t i) { results[i] = run_all(backend(), 1); });
  for (const std::vector<float>& result : results) EXPECT_TRUE(same_bits(result, expected));
}

}  // namespace
}  // namespace segue::kernels
