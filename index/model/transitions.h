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
#include "index/model/history_decay.h"
#include "index/model/session_model.h"
#include "index/model/sparse_session.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "kernels/thread_pool.h"

namespace segue::index {

class Safetensors;

/// Constants of the transition model.
struct TransitionOptions {
  std::string preset = "broad";  ///< a name for people; the constants below decide

  // --- behaviour -------------------------------------------------------------------------------------------
  std::size_t max_distance = 10;   ///< pairs of events further apart do not count
  double distance_exponent = 0.5;  ///< a pair at distance D counts D^-distance_exponent
  double symmetry = 0.1;           ///< weight of the transposed counts, from 0 (one way) to 1 (symmetric)
  double row_exponent = 0.5;       ///< a: damps items that lead to many others
  double column_exponent = 0;      ///< b: damps popular successors
  std::size_t history = 20;        ///< newest items of a session that are looked at
  HistoryDecay decay = HistoryDecay::kPower;
  double decay_rate = 1;  ///< kPower: k^-rate; kGeometric: rate^(k - 1)

  // --- performance -----------------------------------------------------------------------------------------
  std::size_t max_neighbours = 200;  ///< strongest successors that an item keeps

  friend bool operator==(const TransitionOptions&, const TransitionOptions&) = default;
};

/// Constants that suit known kinds of data, to be chosen from on validation data: "broad" (tastes: short
/// histories of many users), "damped" (the same with popular successors held back), "recent" (shopping trips:
/// the last items decide).
std::vector<TransitionOptions> transition_presets();

/// Which items follow which. With C[i, j] = sum over pairs of events on i, then j, at distance D <=
/// max_distance of D^-distance_exponent sqrt(w_i w_j) (w: the events' weights), and S = C + symmetry C^T,
///   value(i, j) = S[i, j] / (rowsum(S, i)^row_exponent colsum(S, j)^column_exponent)
/// and a session scores item j with the sum over its newest items i of decay(k) value(i, j). Only positive
/// scores count as scores. Immutable, thread-safe; the catalogue outlives it.
class Transitions final : public SessionModel {
 public:
  /// Same bytes for any number of threads. Throws std::invalid_argument for constants out of range and Error
  /// (kInterrupted) through progress.
  static std::unique_ptr<Transitions> train(const TrainingData& data, const TransitionOptions& options,
                                            const Catalogue& catalogue, kernels::ThreadPool& pool,
                                            Progress& progress);
  /// models/transitions.safetensors, mapped. Throws Error (kDamagedStore) when it is inconsistent.
  static std::unique_ptr<Transitions> open(const std::filesystem::path& file, const Catalogue& catalogue);
  ~Transitions() override;
  /// offsets I64 [items + 1], successors I32 [pairs], values F32 [pairs]: row i at offsets[i] to offsets[i +
  /// 1], strongest first; the options as metadata. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  const TransitionOptions& options() const noexcept { return options_; }
  std::size_t pairs() const noexcept { return successors_.size(); }
  /// The k strongest successors of an item, itself left out.
  std::vector<ScoredItem> neighbours(ItemId item, std::size_t k) const;
  /// value(from, to), 0 where it is not kept.
  double pair_score(ItemId from, ItemId to) const;
  /// decay(k): the weight of the k-th known item from the end of a session, k from 1; 0 beyond
  /// options().history.
  double history_weight(std::size_t k) const;

  std::string_view name() const noexcept override { return "transitions"; }
  /// Items that lead to others.
  bool knows(ItemId item) const override;
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  Transitions(TransitionOptions options, const Catalogue& catalogue);
  std::span<const std::int32_t> row_items(ItemId item) const;
  std::span<const float> row_values(ItemId item) const;

  TransitionOptions options_;
  const Catalogue* catalogue_;
  GroupSizes sizes_;
  // The rows in compressed form: views of the file, or of what training made.
  std::span<const std::int64_t> offsets_;
  std::span<const std::int32_t> successors_;
  std::span<const float> values_;
  std::shared_ptr<const Safetensors> file_;
  std::vector<std::int64_t> own_offsets_;
  std::vector<std::int32_t> own_successors_;
  std::vector<float> own_values_;
};

}  // namespace segue::index
