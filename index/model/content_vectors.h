#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/stored_matrix.h"
#include "kernels/tensor_view.h"

namespace segue::index {

class Safetensors;

/// The kinds of given vectors that a catalogue has, rising: "content" for Item::vector, and the names in
/// Item::vectors.
std::vector<std::string> given_kinds(const Catalogue& catalogue);

/// The vectors of one kind that came with the items, as one matrix. Immutable, thread-safe.
class ContentVectors {
 public:
  /// Of the items that have one. Throws Error (kBadInput) naming the item when a dimension differs or a value
  /// is not finite.
  static ContentVectors of(const Catalogue& catalogue, std::string_view kind = kGivenVector);
  /// models/content.safetensors or models/given-KIND.safetensors, mapped. Throws Error (kDamagedStore) when
  /// it does not fit a catalogue of item_count items.
  static ContentVectors open(const std::filesystem::path& file, std::size_t item_count);
  /// vocabulary I32 [items], vectors [items, dimension] stored as `storage` says. Throws Error (kResource).
  void save(const std::filesystem::path& file, Storage storage = Storage::kFp32) const;

  bool empty() const noexcept { return vocabulary_.empty(); }
  /// Items with a vector, rising; row r of vectors() belongs to vocabulary()[r].
  std::span<const std::int32_t> vocabulary() const noexcept { return vocabulary_; }
  kernels::ConstMatrix vectors() const noexcept { return vectors_; }

 private:
  ContentVectors() = default;

  std::span<const std::int32_t> vocabulary_;
  kernels::ConstMatrix vectors_;
  std::shared_ptr<const Safetensors> file_;
  std::shared_ptr<const std::vector<std::int32_t>> own_vocabulary_;
  std::shared_ptr<const std::vector<float>> own_vectors_;
};

}  // namespace segue::index
