#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/session_encoder.h"
#include "index/model/session_model.h"
#include "index/model/transformer_weights.h"
#include "index/vector/vector_index.h"
#include "kernels/backend.h"

namespace segue::index {

/// The session Transformer as a session model: the score of an item is its embedding's cosine (for
/// TransformerForm::kSasrec: inner product) with the encoded session, divided by the temperature. Immutable,
/// thread-safe; backend and catalogue outlive it.
class TransformerModel final : public SessionModel {
 public:
  /// vectors: an index by that measure over the weights' item table (the snapshot's); null: a flat one is
  /// built. Throws Error (kDamagedStore) when it does not fit the weights.
  TransformerModel(TransformerWeights weights, std::shared_ptr<const VectorIndex> vectors,
                   const Catalogue& catalogue, const kernels::Backend& backend);
  ~TransformerModel() override;
  TransformerModel(const TransformerModel&) = delete;
  TransformerModel& operator=(const TransformerModel&) = delete;

  /// How the encoded session and the items' embeddings are compared.
  static Metric metric_of(const TransformerConfig& config);

  const TransformerWeights& weights() const noexcept { return weights_; }
  const SessionEncoder& encoder() const noexcept { return encoder_; }
  const VectorIndex& vectors() const noexcept { return *vectors_; }

  std::string_view name() const noexcept override { return "transformer"; }
  bool knows(ItemId item) const override { return weights_.row(item) != TransformerWeights::kNoRow; }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;
  /// The same for a session that an encoder has at hand already, for example SessionState::output(); hidden
  /// [d].
  std::unique_ptr<EncodedSession> encoded(std::span<const float> hidden) const;

 private:
  class Session;
  /// Moments of the item rows as they are compared over a group of n items, those without an embedding
  /// counted as rows of zeros: the mean of the scores of q is q . mean, their variance q^T covariance q.
  struct GroupMoments {
    std::vector<double> mean;        // [d]
    std::vector<double> covariance;  // [d, d]
  };
  GroupMoments moments_over(const ItemSet& group) const;

  TransformerWeights weights_;
  const kernels::Backend& backend_;
  SessionEncoder encoder_;
  std::shared_ptr<const VectorIndex> vectors_;
  std::array<GroupMoments, 2> groups_;  // by ItemGroup
};

}  // namespace segue::index
