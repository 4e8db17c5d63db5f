#include "index/stored_matrix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::array<std::pair<std::string_view, Storage>, 3> kNames = {
    {{"fp32", Storage::kFp32}, {"fp16", Storage::kFp16}, {"int8", Storage::kInt8}}};
constexpr float kLargestInteger = 127;

[[noreturn]] void damaged(const Safetensors& file, std::string_view name, std::string_view what) {
  throw Error(ErrorKind::kDamagedStore, "tensor " + std::string(name) + " " + std::string(what),
              file.file().string(), "restore the file, or take another snapshot");
}

std::string scale_name(std::string_view name) {
  return std::string(name) + ".scale";
}

Half nearest_half(float x) {
  return to_half(std::clamp(x, -kLargestHalf, kLargestHalf));
}

/// The least half that is not below x, for an x in the range of the normal halves.
Half half_above(float x) {
  Half half = to_half(x);
  if (to_float(half) < x) ++half.bits;
  return half;
}

bool are_halves(std::span<const float> scales) {
  return std::all_of(scales.begin(), scales.end(), [](float scale) {
    return scale == 0 || (scale >= kSmallestNormalHalf && scale <= kLargestHalf);
  });
}

/// Scales that bring the largest magnitude of each row to 127 or, where all are rounded to halves, nearly so.
std::vector<float> scales_of(kernels::ConstMatrix values) {
  std::vector<float> scales;
  scales.reserve(values.rows);
  for (std::size_t r = 0; r < values.rows; ++r) {
    float largest = 0;
    for (const float x : values.row_span(r)) largest = std::max(largest, std::abs(x));
    scales.push_back(largest / kLargestInteger);
  }
  if (are_halves(scales)) {
    // Upwards: a scale that is too small would cut the largest value of its row.
    for (float& scale : scales) scale = to_float(half_above(scale));
  }
  return scales;
}

std::int8_t integer_of(float x, float scale) {
  if (scale == 0) return 0;
  return static_cast<std::int8_t>(std::clamp(std::nearbyint(x / scale), -kLargestInteger, kLargestInteger));
}

/// Gives the values to a shared owner, and shows them.
template <class T>
std::span<const T> keep(std::vector<T> values, std::shared_ptr<const void>& owner) {
  auto kept = std::make_shared<const std::vector<T>>(std::move(values));
  owner = kept;
  return *kept;
}

}  // namespace

std::string_view to_string(Storage storage) {
  return std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.second == storage; })
      ->first;
}

std::optional<Storage> parse_storage(std::string_view name) {
  for (const auto& [known, storage] : kNames) {
    if (known == name) return storage;
  }
  return std::nullopt;
}

StoredMatrix StoredMatrix::of(kernels::ConstMatrix values, Storage storage) {
  StoredMatrix matrix;
  matrix.storage_ = storage;
  matrix.rows_ = values.rows;
  matrix.cols_ = values.cols;
  const auto convert = [&]<class T>(std::type_identity<T>, const auto& number_of) {
    std::vector<T> numbers;
    numbers.reserve(values.rows * values.cols);
    for (std::size_t r = 0; r < values.rows; ++r) {
      for (const float x : values.row_span(r)) numbers.push_back(number_of(x, r));
    }
    return keep(std::move(numbers), matrix.numbers_);
  };
  switch (storage) {
    case Storage::kFp32:
      matrix.floats_ = convert(std::type_identity<float>(), [](float x, std::size_t) { return x; });
      break;
    case Storage::kFp16:
      matrix.halves_ =
          convert(std::type_identity<Half>(), [](float x, std::size_t) { return nearest_half(x); });
      break;
    case Storage::kInt8:
      matrix.scales_ = keep(scales_of(values), matrix.scale_numbers_);
      matrix.integers_ = convert(std::type_identity<std::int8_t>(),
                                 [&](float x, std::size_t r) { return integer_of(x, matrix.scales_[r]); });
  }
  return matrix;
}

StoredMatrix StoredMatrix::open(const std::shared_ptr<const Safetensors>& file, std::string_view name) {
  const std::vector<std::size_t>& shape = file->shape(name);
  if (shape.size() != 2) damaged(*file, name, "is no matrix");
  StoredMatrix matrix;
  matrix.rows_ = shape[0];
  matrix.cols_ = shape[1];
  matrix.numbers_ = file;
  const std::optional<DType> type = file->dtype(name);
  if (type == DType::kF32) {
    file->matrix(name);  // checks that its values are finite
    matrix.floats_ = file->f32(name);
  } else if (type == DType::kF16) {
    matrix.storage_ = Storage::kFp16;
    matrix.halves_ = file->f16(name);
    // All exponent bits set: infinite or not a number.
    if (std::any_of(matrix.halves_.begin(), matrix.halves_.end(),
                    [](Half half) { return (half.bits & 0x7c00u) == 0x7c00u; })) {
      damaged(*file, name, "holds a value that is not finite");
    }
  } else if (type == DType::kI8) {
    matrix.storage_ = Storage::kInt8;
    matrix.integers_ = file->i8(name);
    const std::string scale = scale_name(name);
    if (file->shape(scale) != std::vector<std::size_t>{matrix.rows_})
      damaged(*file, scale, "has not one value per row of " + std::string(name));
    if (file->dtype(scale) == DType::kF16) {
      std::vector<float> scales;
      for (const Half half : file->f16(scale)) scales.push_back(to_float(half));
      matrix.scales_ = keep(std::move(scales), matrix.scale_numbers_);
    } else {
      matrix.scales_ = file->f32(scale);
    }
    // The product of an integer and its scale has to be a number, too.
    if (!std::all_of(matrix.scales_.begin(), matrix.scales_.end(),
                     [](float x) { return x >= 0 && std::isfinite(x * 128); })) {
      damaged(*file, scale, "holds a value that is no scale");
    }
  } else {
    damaged(*file, name, "has dtype " + file->dtype_name(name) + "; F32, F16 or I8 is needed");
  }
  return matrix;
}

void StoredMatrix::add_to(SafetensorsWriter& writer, std::string_view name) const {
  const std::vector<std::size_t> shape{rows_, cols_};
  switch (storage_) {
    case Storage::kFp32:
      writer.add(name, shape, floats_);
      return;
    case Storage::kFp16:
      writer.add(name, shape, halves_);
      return;
    case Storage::kInt8:
      writer.add(name, shape, integers_);
  }
  if (are_halves(scales_)) {
    std::vector<Half> halves;
    for (const float scale : scales_) halves.push_back(to_half(scale));
    writer.add(scale_name(name), {rows_}, std::span<const Half>(halves));
  } else {
    writer.add(scale_name(name), {rows_}, scales_);
  }
}

void StoredMatrix::copy_row(std::size_t r, std::span<float> out) const {
  const std::size_t begin = r * cols_;
  switch (storage_) {
    case Storage::kFp32:
      std::copy_n(floats_.begin() + static_cast<std::ptrdiff_t>(begin), cols_, out.begin());
      return;
    case Storage::kFp16:
      for (std::size_t c = 0; c < cols_; ++c) out[c] = to_float(halves_[begin + c]);
      return;
    case Storage::kInt8:
      for (std::size_t c = 0; c < cols_; ++c) out[c] = static_cast<float>(integers_[begin + c]) * scales_[r];
  }
}

void StoredMatrix::copy_rows(std::size_t begin, kernels::Matrix out) const {
  for (std::size_t r = 0; r < out.rows; ++r) copy_row(begin + r, out.row_span(r));
}

void StoredMatrix::require(Storage storage) const {
  if (storage_ != storage)
    throw std::logic_error("the matrix is kept as " + std::string(to_string(storage_)));
}

std::span<const float> StoredMatrix::floats() const {
  require(Storage::kFp32);
  return floats_;
}
std::span<const Half> StoredMatrix::halves() const {
  require(Storage::kFp16);
  return halves_;
}
std::span<const std::int8_t> StoredMatrix::integers() const {
  require(Storage::kInt8);
  return integers_;
}
std::span<const float> StoredMatrix::scales() const {
  require(Storage::kInt8);
  return scales_;
}

void round_to(Storage storage, kernels::Matrix values) {
  if (storage == Storage::kFp32) return;
  StoredMatrix::of(values, storage).copy_rows(0, values);
}

}  // namespace segue::index
