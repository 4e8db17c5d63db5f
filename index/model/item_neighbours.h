#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/history_decay.h"
#include "index/model/session_model.h"
#include "index/model/sparse_session.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

class Safetensors;

/// Constants of the item-based neighbours.
struct ItemNeighbourOptions {
  // --- behaviour -------------------------------------------------------------------------------------------
  std::size_t max_items = 50;    ///< newest items of a sequence that count
  double weight_exponent = 0.5;  ///< r = (sum of the weights of the item's events)^weight_exponent ...
  double length_exponent =
      0.5;                   ///< ... / (items of the sequence)^length_exponent: long ones say less of each
  double asymmetry = 0.5;    ///< 0.5: the cosine; smaller: popular neighbours are held back less
  double shrink = 10;        ///< sequences in common at which half of the cosine counts
  std::size_t history = 20;  ///< newest distinct items of a session that are looked at
  HistoryDecay decay = HistoryDecay::kPower;
  double decay_rate = 1.25;

  // --- performance -----------------------------------------------------------------------------------------
  std::size_t max_neighbours = 200;  ///< nearest items that an item keeps

  friend bool operator==(const ItemNeighbourOptions&, const ItemNeighbourOptions&) = default;
};

/// An item beside another.
struct ItemNeighbour {
  ItemId item = kNoItem;
  double similarity = 0;
  std::size_t common = 0;  ///< sequences that hold both
};

/// Item-based neighbours (Sarwar et al., WWW 2001; Deshpande and Karypis, TOIS 2004): items are alike that
/// the same sequences hold. With r[s, i] as the options say, 0 where s does not hold i, and n[i, j] sequences
/// with both,
///   dot(i, j)   = sum over sequences s of r[s, i] r[s, j]
///   value(i, j) = dot(i, j) / (dot(i, i)^(1 - asymmetry) dot(j, j)^asymmetry) * n[i, j] / (n[i, j] + shrink)
/// which for asymmetry 0.5 is the cosine (else Aiolli's asymmetric one, RecSys 2013), shrunk as by Koren and
/// Bell (Recommender Systems Handbook); no item is its own neighbour. A session scores item j with the sum
/// over its newest distinct items i of decay(k) value(i, j). Immutable, thread-safe; the catalogue outlives
/// it.
class ItemNeighbours final : public SessionModel {
 public:
  static constexpr std::string_view kName = "item-neighbours";

  /// Same bytes for any number of threads. Throws std::invalid_argument for constants out of range and Error
  /// (kInterrupted) through progress.
  static std::unique_ptr<ItemNeighbours> train(const TrainingData& data, const ItemNeighbourOptions& options,
                                               const Catalogue& catalogue, kernels::ThreadPool& pool,
                                               Progress& progress);
  /// models/item-neighbours.safetensors, mapped. Throws Error (kDamagedStore) when it is inconsistent.
  static std::unique_ptr<ItemNeighbours> open(const std::filesystem::path& file, const Catalogue& catalogue);
  ~ItemNeighbours() override;
  /// offsets I64 [items + 1], neighbours I32, values F32 and common I32 [pairs]: row i at offsets[i] to
  /// offsets[i + 1], nearest first; the options as metadata. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  const ItemNeighbourOptions& options() const noexcept { return options_; }
  std::size_t pairs() const noexcept { return neighbours_.size(); }
  /// The k nearest, nearest first.
  std::vector<ItemNeighbour> neighbours(ItemId item, std::size_t k) const;
  /// value(from, to), 0 where it is not kept.
  double pair_score(ItemId from, ItemId to) const;

  std::string_view name() const noexcept override { return kName; }
  /// Items that have neighbours.
  bool knows(ItemId item) const override { return !row(neighbours_, item).empty(); }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  ItemNeighbours(ItemNeighbourOptions options, const Catalogue& catalogue);
  template <class Element>
  std::span<const Element> row(std::span<const Element> flat, ItemId item) const {
    if (item + std::size_t{1} >= offsets_.size()) return {};
    return flat.subspan(static_cast<std::size_t>(offsets_[item]),
                        static_cast<std::size_t>(offsets_[item + 1] - offsets_[item]));
  }

  ItemNeighbourOptions options_;
  const Catalogue* catalogue_;
  GroupSizes sizes_;
  // The rows in compressed form: views of the file, or of what training made.
  std::span<const std::int64_t> offsets_;
  std::span<const std::int32_t> neighbours_;
  std::span<const float> values_;
  std::span<const std::int32_t> common_;
  std::shared_ptr<const Safetensors> file_;
  std::vector<std::int64_t> own_offsets_;
  std::vector<std::int32_t> own_neighbours_;
  std::vector<float> own_values_;
  std::vector<std::int32_t> own_common_;
};

}  // namespace segue::index
