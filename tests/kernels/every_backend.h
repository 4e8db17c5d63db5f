#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/instruction_sets.h"
#include "tests/kernels/reference.h"

namespace segue::kernels {

/// A small generator, so that data is the same on every machine and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>((next() >> 32) * end >> 32); }
  float in(float low, float high) {
    return low + (high - low) * static_cast<float>(static_cast<double>(next() >> 11) * 0x1p-53);
  }
  /// Values in [low, high), [count].
  std::vector<float> values(std::size_t count, float low = -1, float high = 1) {
    std::vector<float> result(count);
    for (float& value : result) value = in(low, high);
    return result;
  }

 private:
  std::uint64_t next() {  // xorshift64* (Vigna 2016)
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }

  std::uint64_t state_;
};

/// A matrix whose rows are further apart than they are long, with guards in the gaps: a kernel that mistakes
/// the columns for the stride, or writes beyond a row, fails.
class Table {
 public:
  static constexpr float kGuard = 12345.0f;

  Table(std::size_t rows, std::size_t cols, std::size_t gap = 3)
      : values_((rows + 1) * (cols + gap), kGuard), view_(values_.data() + gap, rows, cols, cols + gap) {}
  Table(Random& random, std::size_t rows, std::size_t cols, float low = -1, float high = 1)
      : Table(rows, cols) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) view_(r, c) = random.in(low, high);
    }
  }
  Table(const Table& other) : values_(other.values_), view_(other.view_) {
    view_.data = values_.data() + (other.view_.data - other.values_.data());
  }
  Table& operator=(const Table&) = delete;

  operator Matrix() { return view_; }             // NOLINT(google-explicit-constructor)
  operator ConstMatrix() const { return view_; }  // NOLINT(google-explicit-constructor)
  Matrix view() { return view_; }
  float& operator()(std::size_t r, std::size_t c) { return view_(r, c); }

  bool guards_stand() const {
    std::size_t guards = 0;
    for (const float value : values_) guards += value == kGuard;
    return guards >= values_.size() - view_.rows * view_.cols;
  }

 private:
  std::vector<float> values_;
  Matrix view_;
};

/// Each |value - expected| is at most tolerance * (1 + |expected|).
inline testing::AssertionResult near(const reference::Dense& value, const reference::Dense& expected,
                                     double tolerance) {
  if (value.rows != expected.rows || value.cols != expected.cols)
    return testing::AssertionFailure() << "other shape";
  double worst = -1;
  std::size_t where = 0;
  for (std::size_t i = 0; i < value.values.size(); ++i) {
    double error = std::abs(value[i] - expected[i]) / (1 + std::abs(expected[i]));
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    if (error > worst) {
      worst = error;
      where = i;
    }
  }
  if (worst <= tolerance) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "row " << where / value.cols << ", column " << where % value.cols
                                     << ": " << value[where] << ", expected " << expected[where] << ": error "
                                     << worst << " over " << tolerance;
}
inline testing::AssertionResult near(ConstMatrix value, const reference::Dense& expected, double tolerance) {
  return near(reference::Dense(value), expected, tolerance);
}
inline testing::AssertionResult near(std::span<const float> value, const reference::Dense& expected,
                                     double tolerance) {
  return near(reference::Dense(value), expected, tolerance);
}

/// A backend as the tests run it: the CPU's once for each instruction set that its loops were compiled for,
/// since a user's processor may have another than the one that tests.
struct Variant {
  const Backend* backend;
  std::string instruction_set;  ///< empty for other devices
};

inline std::vector<Variant> variants() {
  static const std::vector<std::unique_ptr<Backend>> backends = available_backends();
  std::vector<Variant> result;
  for (const auto& backend : backends) {
    if (backend->device() != Device::kCpu) {
      result.push_back({backend.get(), ""});
      continue;
    }
    for (const std::string& set : instruction_sets()) result.push_back({backend.get(), set});
  }
  return result;
}

inline std::string variant_name(const testing::TestParamInfo<Variant>& info) {
  return std::string(info.param.backend->name()) + info.param.instruction_set;
}

inline void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.backend->name() << variant.instruction_set;
}

/// Runs a test body on each backend that works on this machine.
class EveryBackend : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override { use_instruction_set(GetParam().instruction_set); }
  void TearDown() override { use_instruction_set({}); }
  const Backend& backend() const { return *GetParam().backend; }
};

}  // namespace segue::kernels

/// Once in each file of tests, with a suite derived from EveryBackend.
#define SEGUE_ON_EVERY_BACKEND(suite) \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(variants()), variant_name)
