#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/half.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// Element types that Segue writes. Names in the file: F32, F16, I32, I64, I8, U8.
enum class DType { kF32, kF16, kI32, kI64, kI8, kU8 };

/// Collects named tensors and writes them as one safetensors file (u64 header length, JSON header padded with
/// spaces to 8 bytes, raw little-endian data without holes). The bytes depend on names, shapes and values
/// alone: tensors are written by falling element size, which aligns each to its elements, then by name.
/// Thread-compatible. Tensors are copied by add(); a shape that does not fit, a name given twice or not in
/// UTF-8 throws std::invalid_argument.
class SafetensorsWriter {
 public:
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const float> values);
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const Half> values);
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const std::int8_t> values);
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const std::int32_t> values);
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const std::int64_t> values);
  void add(std::string_view name, std::vector<std::size_t> shape, std::span<const std::uint8_t> values);
  /// A string of the header's __metadata__.
  void metadata(std::string_view key, std::string_view value);
  /// Writes and fsyncs the file. Throws Error (kResource) with the path.
  void write(const std::filesystem::path& file) const;

 private:
  struct Tensor {
    DType dtype;
    std::vector<std::size_t> shape;
    std::vector<std::byte> bytes;
  };
  void add_bytes(std::string_view name, DType dtype, std::vector<std::size_t> shape,
                 std::span<const std::byte> bytes);

  std::map<std::string, Tensor, std::less<>> tensors_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

/// Whether these are the offsets of `lists` lists laid end to end in `flat` elements: lists + 1 numbers, 0
/// first, never falling, flat at last.
bool are_offsets(std::span<const std::int64_t> offsets, std::size_t lists, std::size_t flat);

/// A safetensors file, mapped. Opening checks the header against the file's size: offsets in bounds, no
/// overlap, no hole, sizes that match shape and type; Error (kDamagedStore) names the file and what is wrong.
/// Tensors of a type that Segue does not write are listed but not handed out; those that a foreign writer
/// left unaligned are copied. Immutable, thread-safe; spans and matrices live as long as the object.
class Safetensors {
 public:
  static std::shared_ptr<const Safetensors> open(const std::filesystem::path& file);
  ~Safetensors();
  Safetensors(const Safetensors&) = delete;
  Safetensors& operator=(const Safetensors&) = delete;

  bool has(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Shape of a tensor. Throws Error (kDamagedStore) for a missing name, as all below.
  const std::vector<std::size_t>& shape(std::string_view name) const;
  /// Type of a tensor; no value for one that Segue does not write.
  std::optional<DType> dtype(std::string_view name) const;
  /// Type of a tensor as the file calls it: "BF16".
  std::string dtype_name(std::string_view name) const;
  /// All elements. Throws when the type is another.
  std::span<const float> f32(std::string_view name) const;
  std::span<const Half> f16(std::string_view name) const;
  std::span<const std::int8_t> i8(std::string_view name) const;
  std::span<const std::int32_t> i32(std::string_view name) const;
  std::span<const std::int64_t> i64(std::string_view name) const;
  std::span<const std::uint8_t> u8(std::string_view name) const;
  /// A tensor of two dimensions; throws unless it has the given number of columns (0: any) and finite values.
  /// Reads all of it: call it once, when opening.
  kernels::ConstMatrix matrix(std::string_view name, std::size_t cols = 0) const;
  /// A tensor of one dimension and the given length, finite values.
  std::span<const float> vector(std::string_view name, std::size_t length) const;
  /// The string of __metadata__, empty when there is none.
  std::string metadata(std::string_view key) const;
  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct Impl;
  explicit Safetensors(std::unique_ptr<Impl> impl, std::filesystem::path file);
  std::unique_ptr<Impl> impl_;
  std::filesystem::path file_;
};

}  // namespace segue::index
