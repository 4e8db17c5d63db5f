#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/safetensors.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// A safetensors file that another program wrote, checked as input is: every Error is kBadInput and names the
/// file, the tensor, what was expected and found, and how to mend it. Thread-compatible.
class OutsideTensors {
 public:
  explicit OutsideTensors(const std::filesystem::path& file);

  bool has(std::string_view name) const { return tensors_->has(name); }
  const std::vector<std::size_t>& shape(std::string_view name) const;
  std::string metadata(std::string_view key) const { return tensors_->metadata(key); }
  /// A whole number of the metadata from 1 to most.
  std::size_t count_metadata(std::string_view key, std::size_t most) const;
  /// Extents of a matrix, both at least 1.
  std::pair<std::size_t, std::size_t> matrix_shape(std::string_view name) const;

  /// Writes tensor `name` as floats to values, which has as many as the shape says: F32, F16, or a matrix as
  /// I8 with its scales. Refuses another shape or type, and values that are not finite.
  void read(std::string_view name, const std::vector<std::size_t>& shape, std::span<float> values) const;
  /// Refuses a file with a tensor that is not among these.
  void allow_only(std::span<const std::string> names) const;

  /// The ids of `count` rows: a JSON list of strings in the metadata `ids`; else FILE.ids, one id a line;
  /// else, for the file of a snapshot, the items that its `vocabulary` names. Ids are valid, and each stands
  /// once.
  std::vector<std::string> ids(std::size_t count) const;

  [[noreturn]] void refuse(std::string_view what, std::string_view mend) const;

 private:
  std::vector<std::string> ids_from_metadata() const;
  std::vector<std::string> ids_from_lines(const std::filesystem::path& file) const;
  std::vector<std::string> ids_from_snapshot(const std::filesystem::path& items) const;

  std::shared_ptr<const Safetensors> tensors_;
};

}  // namespace segue::index
