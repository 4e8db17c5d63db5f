#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/model/rating_factorization.h"
#include "index/model/session_model.h"
#include "kernels/backend.h"

namespace segue::index {

/// The factorisation of ratings as a session model. The score of an item is how far the rating that the
/// session's user would give it lies above the mean of all ratings, in units of the ratings, not clipped:
///
///   score(i) = item_bias[i] + item_factors[i] . v
///
/// so an item that nobody rated scores 0, an average one. A session tells what was touched, not how it was
/// rated, and its user has no bias. With implicit feedback v is |N|^-1/2 times the sum of y_j over the
/// session's distinct items, as in training. Without it the items are taken for rated one deviation above
/// what their bias says, and v is the ridge regression of that on their factors. Immutable, thread-safe;
/// backend outlives it.
class RatingModel final : public SessionModel {
 public:
  /// Throws Error (kDamagedStore) for a factorisation of another catalogue.
  RatingModel(RatingFactorization factorization, const Catalogue& catalogue, const kernels::Backend& backend);
  ~RatingModel() override;

  const RatingFactorization& factorization() const noexcept { return factorization_; }
  /// v [factors]; empty when none of the items is known.
  std::vector<float> fold_in(std::span<const ItemId> items) const;

  std::string_view name() const noexcept override { return "rating"; }
  bool knows(ItemId item) const override { return row(item) != kNoRow; }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override;

 private:
  class Session;
  /// First and second moments over an item group of the vectors (factors, bias), zeros outside the
  /// vocabulary: with (v, 1) they give those of the scores.
  struct GroupMoments {
    std::vector<double> mean;      // [factors + 1]
    std::vector<double> products;  // [factors + 1, factors + 1]
  };
  static constexpr std::uint32_t kNoRow = 0xffffffffu;
  std::uint32_t row(ItemId item) const { return item < rows_.size() ? rows_[item] : kNoRow; }
  GroupMoments moments_over(const ItemSet& group) const;

  RatingFactorization factorization_;
  const kernels::Backend* backend_;
  std::vector<std::uint32_t> rows_;  // by ItemId
  std::array<GroupMoments, 2> groups_;
};

}  // namespace segue::index
