#include "index/stored_matrix.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr Storage kStorages[] = {Storage::kFp32, Storage::kFp16, Storage::kInt8};

TEST(Half, EveryHalfComesBackFromItsFloat) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(to_float(to_half(value))));
    } else {
      ASSERT_EQ(to_half(value), half) << bits;
    }
  }
  EXPECT_EQ(to_float({0x3c00}), 1.0f);
  EXPECT_EQ(to_float({0x0001}), 0x1p-24f);
  EXPECT_EQ(to_float({0x7bff}), kLargestHalf);
  EXPECT_EQ(to_float({0x0400}), kSmallestNormalHalf);
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  // Between neighbours of every exponent: just below the middle, the middle, just above it.
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = to_float({bits});
    const float high = to_float({static_cast<std::uint16_t>(bits + 1)});
    const float middle = low + (high - low) / 2;
    const std::uint16_t even = bits % 2 == 0 ? bits : static_cast<std::uint16_t>(bits + 1);
    ASSERT_EQ(to_half(middle).bits, even);
    ASSERT_EQ(to_half(std::nextafter(middle, 0.0f)).bits, bits);
    ASSERT_EQ(to_half(std::nextafter(middle, 1e9f)).bits, bits + 1);
    ASSERT_EQ(to_half(-middle).bits, even | 0x8000);
  }
  EXPECT_EQ(to_half(65519.0f).bits, 0x7bff);
  EXPECT_EQ(to_half(65520.0f).bits, 0x7c00);
  EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()).bits, 0x7c00);
  EXPECT_EQ(to_half(1e-30f).bits, 0);
}

class StoredMatrixTest : public testing::Test {
 protected:
  ~StoredMatrixTest() override { std::filesystem::remove(file_); }

  StoredMatrix through_file(const StoredMatrix& matrix) const {
    SafetensorsWriter writer;
    matrix.add_to(writer, "m");
    writer.write(file_);
    return StoredMatrix::open(Safetensors::open(file_), "m");
  }
  static std::vector<float> floats_of(const StoredMatrix& matrix) {
    std::vector<float> floats(matrix.rows() * matrix.cols());
    matrix.copy_rows(0, {floats.data(), matrix.rows(), matrix.cols()});
    return floats;
  }
  /// Rows of very different magnitudes, one of zeros.
  static std::vector<float> random_values(std::size_t rows, std::size_t cols, unsigned seed,
                                          float magnitude) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(rows * cols);
    for (std::size_t r = 0; r < rows; ++r) {
      const float scale = r == 2 ? 0 : magnitude * std::exp(normal(random));
      for (std::size_t c = 0; c < cols; ++c) values[r * cols + c] = scale * normal(random);
    }
    return values;
  }

  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("segue-stored-" + std::to_string(::getpid()));
};

TEST_F(StoredMatrixTest, ErrorsStayWithinTheirBounds) {
  for (const float magnitude : {1e-7f, 1e-4f, 1.0f, 300.0f}) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      const std::vector<float> values = random_values(9, 37, seed, magnitude);
      for (const Storage storage : kStorages) {
        const std::vector<float> kept = floats_of(StoredMatrix::of({values.data(), 9, 37}, storage));
        for (std::size_t r = 0; r < 9; ++r) {
          float largest = 0;
          for (std::size_t c = 0; c < 37; ++c) largest = std::max(largest, std::abs(values[r * 37 + c]));
          for (std::size_t c = 0; c < 37; ++c) {
            const float x = values[r * 37 + c];
            float bound = 0;
            if (storage == Storage::kFp16) bound = std::max(std::abs(x) * 0x1p-11f, 0x1p-25f);
            if (storage == Storage::kInt8) bound = largest / 253;
            ASSERT_LE(std::abs(kept[r * 37 + c] - x), bound) << to_string(storage) << " of " << magnitude;
          }
        }
      }
    }
  }
}

TEST_F(StoredMatrixTest, TheSignAndTheLargestValueOfARowSurviveInIntegers) {
  const std::vector<float> values = random_values(9, 37, 1, 1);
  const StoredMatrix matrix = StoredMatrix::of({values.data(), 9, 37}, Storage::kInt8);
  for (std::size_t r = 0; r < 9; ++r) {
    int largest = 0;
    for (std::size_t c = 0; c < 37; ++c) {
      const int integer = matrix.integers()[r * 37 + c];
      largest = std::max(largest, std::abs(integer));
      EXPECT_GE(static_cast<float>(integer) * values[r * 37 + c], 0);
    }
    EXPECT_EQ(largest, r == 2 ? 0 : 127);
  }
}

TEST_F(StoredMatrixTest, ComesBackFromAFileAsItWas) {
  for (const float magnitude : {1e-7f, 1.0f}) {  // scales as floats, scales as halves
    const std::vector<float> values = random_values(6, 5, 7, magnitude);
    for (const Storage storage : kStorages) {
      const StoredMatrix matrix = StoredMatrix::of({values.data(), 6, 5}, storage);
      const StoredMatrix opened = through_file(matrix);
      EXPECT_EQ(opened.storage(), storage);
      EXPECT_EQ(opened.rows(), 6u);
      EXPECT_EQ(opened.cols(), 5u);
      EXPECT_EQ(floats_of(opened), floats_of(matrix)) << to_string(storage);
      if (storage == Storage::kInt8) {
        EXPECT_EQ(Safetensors::open(file_)->dtype("m.scale"), magnitude == 1 ? DType::kF16 : DType::kF32);
      }
    }
  }
  for (const Storage storage : kStorages)
    EXPECT_EQ(through_file(StoredMatrix::of({nullptr, 0, 8}, storage)).cols(), 8u);
}

TEST_F(StoredMatrixTest, RoundingTwiceIsRoundingOnce) {
  for (const float magnitude : {1e-7f, 1.0f, 300.0f}) {
    std::vector<float> once = random_values(20, 16, 3, magnitude);
    for (const Storage storage : kStorages) {
      round_to(storage, {once.data(), 20, 16});
      std::vector<float> twice = once;
      round_to(storage, {twice.data(), 20, 16});
      for (std::size_t i = 0; i < once.size(); ++i) EXPECT_FLOAT_EQ(twice[i], once[i]) << to_string(storage);
    }
  }
}

TEST_F(StoredMatrixTest, ValuesBeyondTheHalvesStayFinite) {
  const std::vector<float> values{1e6f, -1e30f, 65504, 1};
  EXPECT_EQ(floats_of(StoredMatrix::of({values.data(), 1, 4}, Storage::kFp16)),
            (std::vector<float>{65504, -65504, 65504, 1}));
  const std::vector<float> large{3e38f, -1e38f};
  for (const float x : floats_of(StoredMatrix::of({large.data(), 1, 2}, Storage::kInt8)))
    EXPECT_TRUE(std::isfinite(x));
}

TEST_F(StoredMatrixTest, DamageIsNamed) {
  const std::vector<std::int8_t> integers{1, -128, 3, 4};
  const auto expect = [&](const std::string& named, const std::function<void(SafetensorsWriter&)>& fill) {
    SafetensorsWriter writer;
    fill(writer);
    writer.write(file_);
    try {
      StoredMatrix::open(Safetensors::open(file_), "m");
      ADD_FAILURE() << "opened in spite of " << named;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(file_.string()), std::string::npos) << error.what();
    }
  };
  const auto with_scales = [&](const std::vector<float>& scales) {
    return [&, scales](SafetensorsWriter& writer) {
      writer.add("m", {2, 2}, integers);
      writer.add("m.scale", {scales.size()}, std::span<const float>(scales));
    };
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect("m.scale is missing", [&](SafetensorsWriter& writer) { writer.add("m", {2, 2}, integers); });
  expect("m.scale has not one value per row", with_scales({1}));
  expect("m.scale holds a value that is no scale", with_scales({1, nan}));
  expect("m.scale holds a value that is no scale", with_scales({1, -1}));
  expect("m.scale holds a value that is no scale", with_scales({1, 3e38f}));
  expect("is no matrix", [&](SafetensorsWriter& writer) { writer.add("m", {4}, integers); });
  expect("dtype I32", [](SafetensorsWriter& writer) {
    writer.add("m", {1, 1}, std::span<const std::int32_t>(std::vector<std::int32_t>{1}));
  });
  expect("m holds a value that is not finite", [](SafetensorsWriter& writer) {
    writer.add("m", {1, 2}, std::span<const Half>(std::vector<Half>{{0x3c00}, {0x7c00}}));
  });
  expect("m holds a value that is not finite", [&](SafetensorsWriter& writer) {
    writer.add("m", {1, 2}, std::span<const float>(std::vector<float>{1, nan}));
  });
  expect("m is missing", [](SafetensorsWriter& writer) { writer.metadata("a", "b"); });
}

TEST_F(StoredMatrixTest, NumbersOfAnotherStorageAreAMistakeOfTheCaller) {
  const std::vector<float> values{1, 2};
  EXPECT_THROW(StoredMatrix::of({values.data(), 1, 2}, Storage::kInt8).floats(), std::logic_error);
  EXPECT_THROW(StoredMatrix::of({values.data(), 1, 2}, Storage::kFp32).scales(), std::logic_error);
}

TEST(Storage, NamesComeBack) {
  for (const Storage storage : kStorages) EXPECT_EQ(parse_storage(to_string(storage)), storage);
  EXPECT_FALSE(parse_storage("int4"));
}

}  // namespace
}  // namespace segue::index
