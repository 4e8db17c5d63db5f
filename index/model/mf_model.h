#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/matrix_factorization.h"
#include "index/model/session_model.h"
#include "index/vector/vector_index.h"
#include "kernels/backend.h"

namespace segue::index {

/// Matrix factorisation as a session model: a session is folded in as if it were a user of the training data,
/// and an item's score is the inner product of its factors with that user vector. Immutable, thread-safe;
/// backend and catalogue outlive it.
class MfModel final : public SessionModel {
 public:
  /// vectors: an index by inner product over the factorisation's item factors (the snapshot's); null: a flat
  /// one is built.
  MfModel(MatrixFactorization factorization, std::shared_ptr<const VectorIndex> vectors,
          const Catalogue& catalogue, const kernels::Backend& backend);
  ~MfModel() override;

  const MatrixFactorization& factorization() const noexcept { return factorization_; }
  const VectorIndex& vectors() const noexcept { return *vectors_; }
  /// The session's user vector [factors]; empty when none of the items is known.
  std::vector<float> fold_in(std::span<const ItemId> items) const;
  /// "Because of X": what each of the session's events adds to the score of `item`; they sum to the score.
  /// With x = A^-1 sum_i (1 + c_i) y_i the folded-in user, A the matrix of als_solve, an item i of the
  /// session adds (1 + c_i) y_i . A^-1 y_item (Hu, Koren, Volinsky 2008, section 5), shared out among its
  /// events by their recency weights. 0 for events on unknown items, and for all when `item` is unknown.
  std::vector<double> contributions(std::span<const ItemId> items, ItemId item) const;

  std::string_view name() const noexcept override { return "mf"; }
  bool knows(ItemId item) const override { return row(item) != kNoRow; }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  /// First and second moments of an item group's factors, items outside the vocabulary counted as rows of
  /// zeros.
  struct GroupMoments {
    std::vector<double> mean;      // [factors]
    std::vector<double> products;  // [factors, factors]: mean of y y^T
  };
  /// A session as a row of the factorisation: its known items, each once, and their summed weights.
  struct FoldedSession {
    std::vector<std::uint32_t> rows;
    std::vector<float> weights;
    std::vector<double> event_weights;  // of each event; 0: unknown item
  };
  static constexpr std::uint32_t kNoRow = 0xffffffffu;
  std::uint32_t row(ItemId item) const { return item < rows_.size() ? rows_[item] : kNoRow; }
  FoldedSession row_of(std::span<const ItemId> items) const;
  GroupMoments moments_over(const ItemSet& group) const;

  MatrixFactorization factorization_;
  std::shared_ptr<const VectorIndex> vectors_;
  const kernels::Backend* backend_;
  std::vector<std::uint32_t> rows_;  // by ItemId
  std::vector<float> gram_;          // [factors, factors]
  std::array<GroupMoments, 2> groups_;
};

}  // namespace segue::index
