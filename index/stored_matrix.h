#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "index/half.h"
#include "index/safetensors.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// How the numbers of a matrix are kept.
enum class Storage {
  kFp32,
  kFp16,
  kInt8,  ///< each row as integers from -127 to 127 and the scale that they are multiplied with
};

std::string_view to_string(Storage storage);  ///< "fp32", "fp16", "int8"
std::optional<Storage> parse_storage(std::string_view name);

/// A matrix as it is kept: in memory, or mapped from a safetensors file, where nothing is copied. A row
/// becomes floats when it is asked for. Immutable, thread-safe; copies share the numbers.
///
/// The error of a value is at most 2^-11 of it for kFp16 (2^-25 where it is below 2^-14), and at most 1/253
/// of the largest magnitude of its row for kInt8.
class StoredMatrix {
 public:
  /// Of no rows.
  StoredMatrix() = default;
  /// A copy of finite values in that form. Beyond the range of halves stands the largest half.
  static StoredMatrix of(kernels::ConstMatrix values, Storage storage);
  /// Tensor `name` of a file: F32, F16, or I8 with `name.scale`. Throws Error (kDamagedStore) naming file and
  /// tensor for another type or shape, a missing scale, or a value that is not finite. Reads all of it once.
  static StoredMatrix open(const std::shared_ptr<const Safetensors>& file, std::string_view name);

  /// Adds tensor `name` [rows, cols], F32, F16 or I8; with I8 also `name.scale` [rows], F16 where all scales
  /// are normal halves, else F32.
  void add_to(SafetensorsWriter& writer, std::string_view name) const;

  std::size_t rows() const noexcept { return rows_; }
  std::size_t cols() const noexcept { return cols_; }
  Storage storage() const noexcept { return storage_; }
  /// Writes row r to out [cols].
  void copy_row(std::size_t r, std::span<float> out) const;
  /// Writes rows begin, begin + 1, ... to out [any, cols].
  void copy_rows(std::size_t begin, kernels::Matrix out) const;

  /// The numbers themselves, [rows, cols] end to end; each only for its own storage, else std::logic_error.
  std::span<const float> floats() const;
  std::span<const Half> halves() const;
  std::span<const std::int8_t> integers() const;
  std::span<const float> scales() const;  ///< [rows], of integers()

 private:
  void require(Storage storage) const;

  Storage storage_ = Storage::kFp32;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::span<const float> floats_;
  std::span<const Half> halves_;
  std::span<const std::int8_t> integers_;
  std::span<const float> scales_;
  std::shared_ptr<const void> numbers_;  // owners of what the spans show: a file, or vectors
  std::shared_ptr<const void> scale_numbers_;
};

/// Replaces the values by what storing makes of them. Rounding again changes at most their last bits.
void round_to(Storage storage, kernels::Matrix values);

}  // namespace segue::index
