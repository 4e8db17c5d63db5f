#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "index/catalogue.h"
#include "index/model/sequence_index.h"
#include "index/model/session_model.h"
#include "index/model/sparse_session.h"
#include "index/model/training_data.h"
#include "index/model/voting_session.h"

namespace segue::index {

/// Constants of the user-based neighbours.
struct UserNeighbourOptions {
  // --- behaviour -------------------------------------------------------------------------------------------
  std::size_t max_items = 50;    ///< newest items of a sequence that count
  double weight_exponent = 0.5;  ///< r[s, i] = (sum of the weights of i's events in s)^weight_exponent ...
  double idf_exponent = 1;       ///< ... * idf(i)^idf_exponent in the similarity
  double asymmetry = 0.5;        ///< 0.5: the cosine; smaller: long histories are held back less
  double shrink = 1;             ///< items in common at which half of the cosine counts
  std::size_t history = 100;     ///< newest distinct items of a session that are looked at
  double decay_rate = 2;         ///< the k-th newest counts k^-decay_rate; 0: the session is a plain set
  std::size_t voters = 200;      ///< most similar sequences that vote

  // --- performance -----------------------------------------------------------------------------------------
  std::size_t max_sequences = 1000;  ///< newest sequences that are looked at for an item

  friend bool operator==(const UserNeighbourOptions&, const UserNeighbourOptions&) = default;
};

/// User-based neighbours (Herlocker et al., SIGIR 1999): the sequences most like the session vote for what
/// they hold. With q(i) = k^-decay_rate idf(i)^idf_exponent for the k-th newest distinct item i of the
/// session, and n items in common,
///   sim(s)   = sum over shared i of q(i) r[s, i] / (|q| |r[s]|^(2 asymmetry)) * n / (n + shrink)
///   score(j) = sum over the `voters` most similar s that hold j of sim(s) * (weight of j in
///   s)^weight_exponent
/// For asymmetry 0.5 this is the cosine (else Aiolli's asymmetric one, RecSys 2013). An item is searched in
/// its `max_sequences` newest sequences only. Immutable, thread-safe; the catalogue outlives it.
class UserNeighbours final : public SessionModel {
 public:
  static constexpr std::string_view kName = "user-neighbours";

  /// Throws std::invalid_argument for constants out of range.
  static std::unique_ptr<UserNeighbours> train(const TrainingData& data, const UserNeighbourOptions& options,
                                               const Catalogue& catalogue);
  /// models/user-neighbours.safetensors, mapped. Throws Error (kDamagedStore) when it is inconsistent.
  static std::unique_ptr<UserNeighbours> open(const std::filesystem::path& file, const Catalogue& catalogue);
  /// The tensors of SequenceIndex; sequence_weights: what an item gets of a vote, item_weights: r[s, i] /
  /// |r[s]|^(2 asymmetry); the options as metadata. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  const UserNeighbourOptions& options() const noexcept { return options_; }
  const SequenceIndex& index() const noexcept { return index_; }
  double vote(const Voter& voter, std::size_t place) const {
    return index_.weights_of(voter.sequence)[place];
  }
  double item_factor(ItemId) const { return 1; }

  std::string_view name() const noexcept override { return kName; }
  /// Items that some sequence holds beside others.
  bool knows(ItemId item) const override { return !index_.sequences_of(item).empty(); }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  UserNeighbours(UserNeighbourOptions options, const Catalogue& catalogue, SequenceIndex index);

  UserNeighbourOptions options_;
  const Catalogue* catalogue_;
  GroupSizes sizes_;
  SequenceIndex index_;
};

}  // namespace segue::index
