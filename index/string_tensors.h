#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/safetensors.h"

namespace segue::index {

/// A list of strings as two tensors of a safetensors file: NAME.bytes U8 [bytes], all strings laid end to
/// end, and NAME.offsets I64 [strings + 1], string i being bytes [offsets[i], offsets[i + 1]). A view; the
/// file outlives it.
class StringTensors {
 public:
  StringTensors() = default;
  /// Throws Error (kDamagedStore) when the two do not fit each other.
  StringTensors(const Safetensors& file, const std::string& name);
  /// Of bytes and offsets that fit each other and outlive this.
  StringTensors(std::span<const std::uint8_t> bytes, std::span<const std::int64_t> offsets)
      : bytes_(bytes), offsets_(offsets) {}
  /// Bytes and offsets of a list.
  static std::pair<std::vector<std::uint8_t>, std::vector<std::int64_t>> pack(
      std::span<const std::string> strings);
  /// Adds the two tensors to a file.
  void add_to(SafetensorsWriter& writer, const std::string& name) const;

  std::size_t size() const noexcept { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[i],
            static_cast<std::size_t>(offsets_[i + 1] - offsets_[i])};
  }
  /// Whether each string comes before the next by its bytes. Reads all of them.
  bool are_rising() const;
  /// Where the text is in a rising list.
  std::optional<std::size_t> find(std::string_view text) const;

 private:
  std::span<const std::uint8_t> bytes_;
  std::span<const std::int64_t> offsets_;
};

}  // namespace segue::index
