#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/history_decay.h"
#include "index/model/sequence_index.h"
#include "index/model/session_model.h"
#include "index/model/sparse_session.h"
#include "index/model/training_data.h"
#include "index/model/voting_session.h"

namespace segue::index {

/// Constants of the session neighbours.
struct SessionNeighbourOptions {
  // --- behaviour -------------------------------------------------------------------------------------------
  std::size_t max_items = 50;  ///< newest items of a sequence that count
  std::size_t history = 5;     ///< newest distinct items of a session that are looked at
  HistoryDecay decay = HistoryDecay::kLinear;
  double decay_rate = 1;
  double match_decay = 0.3;  ///< a sequence met through the p-th newest item counts 1 - match_decay (p - 1)
  double idf_exponent = 0;   ///< how much rare items are preferred; 0: not at all
  double distance_exponent = 0.75;  ///< an item D places from the match counts D^-distance_exponent
  double before_weight = 0.4;       ///< and, where it stands before the match, times this
  std::size_t voters = 500;         ///< k: most similar sequences that vote

  // --- performance -----------------------------------------------------------------------------------------
  std::size_t max_sequences = 200;  ///< newest sequences that are looked at for an item
  std::size_t sample = 1000;        ///< m: of the sequences found, so many newest are compared
  std::size_t max_distance = 100;   ///< items further from the match get no vote

  friend bool operator==(const SessionNeighbourOptions&, const SessionNeighbourOptions&) = default;
};

/// Session neighbours: VMIS-kNN (Kersbergen, Sprangers, Schelter: "Serenade", SIGMOD 2022), the vector
/// session kNN of Ludewig and Jannach (UMUAI 2018) on an inverted index, with the distance from the match of
/// STAN (Garg et al., SIGIR 2019). For the p-th newest distinct item of the session with decay(p),
///   sim(s)   = sum over shared items of decay(p)              over the `sample` newest sequences found
///   score(j) = idf(j)^idf_exponent * sum over the `voters` most similar s that hold j of
///              sim(s) * max(0, 1 - match_decay (p* - 1)) * g(place of j - place of the match)
/// where the match is the session's newest item, its p*-th, that s holds; g(D) = |D|^-distance_exponent (1
/// for D = 0), times before_weight for D <= 0, and 0 beyond max_distance; idf(j) = ln(1 + sequences /
/// sequences with j). With distance_exponent 0 and before_weight 1 this is VMIS-kNN. Immutable, thread-safe;
/// the catalogue outlives it.
class SessionNeighbours final : public SessionModel {
 public:
  static constexpr std::string_view kName = "session-neighbours";

  /// Throws std::invalid_argument for constants out of range.
  static std::unique_ptr<SessionNeighbours> train(const TrainingData& data,
                                                  const SessionNeighbourOptions& options,
                                                  const Catalogue& catalogue);
  /// models/session-neighbours.safetensors, mapped. Throws Error (kDamagedStore) when it is inconsistent.
  static std::unique_ptr<SessionNeighbours> open(const std::filesystem::path& file,
                                                 const Catalogue& catalogue);
  /// The tensors of SequenceIndex, all weights 1; the options as metadata. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  const SessionNeighbourOptions& options() const noexcept { return options_; }
  const SequenceIndex& index() const noexcept { return index_; }
  double vote(const Voter& voter, std::size_t place) const;
  double item_factor(ItemId item) const;

  std::string_view name() const noexcept override { return kName; }
  /// Items that some sequence holds beside others.
  bool knows(ItemId item) const override { return !index_.sequences_of(item).empty(); }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  SessionNeighbours(SessionNeighbourOptions options, const Catalogue& catalogue, SequenceIndex index);

  SessionNeighbourOptions options_;
  const Catalogue* catalogue_;
  GroupSizes sizes_;
  SequenceIndex index_;
  std::vector<double> by_distance_;  // |D|^-distance_exponent for |D| up to max_distance, 1 for 0
};

}  // namespace segue::index
