#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/content_features.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/tensor_view.h"
#include "kernels/thread_pool.h"

namespace segue::index {

class Safetensors;

/// How contents become vectors.
struct ContentOptions {
  std::size_t width = 128;         ///< of a content vector; less where the catalogue says less
  std::size_t features = 50000;    ///< the most frequent ones are kept; 4 (width + 2) bytes each
  double vectors_weight = 1;       ///< of each kind of given vectors beside the words; 0: words alone
  double ids_weight = 0;           ///< of what ids say (ContentFeatures::of_id) beside the words; 0: nothing
  std::size_t fit_items = 200000;  ///< items that the space is fitted on, an even sample of more
  std::size_t history = 20;        ///< newest items and texts of a session that make its profile
  double recency = 1;              ///< the k-th newest of each counts k^-recency
  std::uint64_t seed = 1;

  friend bool operator==(const ContentOptions&, const ContentOptions&) = default;
};

/// Contents as vectors whose cosine says how much two of them are about the same: latent semantic analysis
/// (Deerwester et al. 1990) of hashed features. With tf the count of a feature in an item, df the items that
/// have it, N the items that have any,
///
///   x = unit(((1 + ln tf) (1 + ln((1 + N) / (1 + df)))) over the kept features)
///   y = unit([x + g x_id, w unit(v_1), w unit(v_2), ...] V)
///
/// x_id the same of the features of the id, which are no others' (g = 0: none), v the given vectors by kind,
/// of which a missing one is zeros, w their weight, and V the right singular vectors of all items' rows. V's
/// part for the features is kept, so that any text has a vector. Immutable, thread-safe.
class ContentSpace {
 public:
  /// Same bytes for any number of threads. Throws std::invalid_argument for a width or number of features
  /// of 0, Error (kBadInput) naming an item whose vector does not fit or is not finite, and Error
  /// (kInterrupted) through progress.
  static ContentSpace train(const Catalogue& catalogue, const ContentOptions& options,
                            const kernels::Backend& backend, kernels::ThreadPool& pool, Progress& progress);
  /// models/words.safetensors, mapped. Throws Error (kDamagedStore) when it is inconsistent.
  static ContentSpace open(const std::filesystem::path& file, std::size_t item_count);
  /// buckets I32 [features], idf F32 [features], projection F32 [features, width], vocabulary I32 [items],
  /// vectors F32 [items, width], the intervals of numbers and the options as metadata. Throws Error
  /// (kResource).
  void save(const std::filesystem::path& file) const;

  const ContentOptions& options() const noexcept { return options_; }
  std::size_t width() const noexcept { return projection_.cols; }
  std::size_t features() const noexcept { return buckets_.size(); }
  bool empty() const noexcept { return vocabulary_.empty(); }
  /// Items that say something, rising; row r of vectors(), of unit length, belongs to vocabulary()[r].
  std::span<const std::int32_t> vocabulary() const noexcept { return vocabulary_; }
  kernels::ConstMatrix vectors() const noexcept { return vectors_; }

  /// The item's row of vectors(); kNoRow when it says nothing.
  std::size_t row(ItemId item) const;
  static constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

  /// The unit vector [width] of a text; empty when it has no feature that the catalogue has.
  std::vector<float> of_text(std::string_view text) const;

 private:
  ContentSpace() = default;
  struct Owned;

  ContentOptions options_;
  ContentFeatures features_;
  std::span<const std::int32_t> buckets_;  // rising
  std::span<const float> idf_;
  kernels::ConstMatrix projection_;
  std::span<const std::int32_t> vocabulary_;
  kernels::ConstMatrix vectors_;
  // Owners of what the views show: a mapped file, or what training made.
  std::shared_ptr<const Safetensors> file_;
  std::shared_ptr<const Owned> owned_;
};

}  // namespace segue::index
