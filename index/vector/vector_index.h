#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"
#include "index/stored_matrix.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// How two vectors are compared. Scores always fall with distance: kL2 scores are the negative squared
/// distance. For kCosine the rows are stored at unit length and the query is brought to it.
enum class Metric { kInnerProduct, kCosine, kL2 };

std::string_view to_string(Metric metric);  ///< "ip", "cosine", "l2"

/// Nearest items by a vector, by a scan of all rows with Faiss's distances. Opened from a file, the rows stay
/// in the mapped file, whatever their storage. Immutable, thread-safe.
class VectorIndex {
 public:
  /// Builds over vectors [n, d]; row r belongs to items[r], which rise. factory: "auto" or a Faiss factory
  /// string, of which this version takes "Flat". Throws Error (kBadInput) for another factory or a value that
  /// is not finite.
  static std::unique_ptr<VectorIndex> build(kernels::ConstMatrix vectors, std::span<const ItemId> items,
                                            Metric metric, std::string_view factory = "auto",
                                            Storage storage = Storage::kFp32);
  /// Opens what save() wrote, mapped. Throws Error (kDamagedStore) that names the file and what is wrong.
  static std::unique_ptr<VectorIndex> open(const std::filesystem::path& file);
  ~VectorIndex();

  /// Writes and fsyncs one safetensors file: `items` I32 [n], `vectors` [n, d] as stored, and the metric.
  /// Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  std::size_t size() const;
  std::size_t dimension() const;
  Metric metric() const;
  Storage storage() const;
  std::string factory() const;  ///< "Flat" and so on: what serves
  bool contains(ItemId item) const;
  /// The stored vector [d], at unit length for kCosine. Throws std::invalid_argument for an item that is not
  /// contained.
  std::vector<float> vector(ItemId item) const;

  /// The k best items of `allowed` (null: all) by (falling score, rising item), exactly so where scores are
  /// equal; fewer only when fewer are allowed, or when a product overflows: such an item does not appear.
  /// query [d]: another length or a value that is not finite throws std::invalid_argument. Uses the calling
  /// thread only.
  std::vector<ScoredItem> search(std::span<const float> query, std::size_t k,
                                 const ItemSet* allowed = nullptr) const;
  /// Scores of single items, the same bits as search() gives; 0 for one that is not contained.
  void score(std::span<const float> query, std::span<const ItemId> items, std::span<double> scores) const;

 private:
  struct Impl;
  explicit VectorIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
