#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "index/item.h"
#include "index/model/rating_data.h"
#include "index/model/rating_factors.h"
#include "index/string_tensors.h"
#include "kernels/tensor_view.h"

namespace segue::index {

class Safetensors;

/// The ratings that were seen in training: no prediction lies outside.
struct RatingScale {
  float least = 0;
  float most = 0;
};

/// The factorisation of explicit ratings as a snapshot keeps it, in units of the ratings:
///
///   predicted(u, i) = mean + user_bias[u] + item_bias[i] + item_factors[i] . user_factors[u]
///
/// where user_factors holds p_u plus u's implicit part (rating_factors.h). Immutable, thread-safe.
class RatingFactorization {
 public:
  /// Throws std::invalid_argument for data without a rating.
  static RatingFactorization of(const RatingFactors& factors, const RatingData& data,
                                const RatingOptions& options, RatingScale scale);
  /// models/rating.safetensors, mapped. Throws Error (kDamagedStore) when it does not fit a catalogue of
  /// item_count items.
  static RatingFactorization open(const std::filesystem::path& file, std::size_t item_count);
  /// The tensors of docs/file-formats.md. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  /// The rating that the user would give: without a user that is known (nullopt) or an item that is known
  /// (kNoItem, one that nobody rated) by what is left of the sum. Clipped to the scale.
  double predict(std::optional<std::size_t> user, ItemId item) const;
  /// The row of a user, or of a session without a user by its name.
  std::optional<std::size_t> find_user(std::string_view user) const { return users_.find(user); }

  RatingMethod method() const noexcept { return method_; }
  double mean() const noexcept { return mean_; }
  double deviation() const noexcept { return deviation_; }
  double ridge() const noexcept { return ridge_; }
  RatingScale scale() const noexcept { return scale_; }
  std::size_t factors() const noexcept { return item_factors_.cols; }
  /// Items that were rated or touched, rising; row r of what follows belongs to vocabulary()[r].
  std::span<const std::int32_t> vocabulary() const noexcept { return vocabulary_; }
  kernels::ConstMatrix item_factors() const noexcept { return item_factors_; }
  std::span<const float> item_bias() const noexcept { return item_bias_; }
  kernels::ConstMatrix implicit_factors() const noexcept { return implicit_factors_; }  ///< y; no rows: none
  const StringTensors& users() const noexcept { return users_; }
  kernels::ConstMatrix user_factors() const noexcept { return user_factors_; }
  std::span<const float> user_bias() const noexcept { return user_bias_; }
  bool is_finite() const;

 private:
  struct Memory;
  RatingFactorization() = default;

  RatingMethod method_ = RatingMethod::kSvdpp;
  double mean_ = 0;
  double deviation_ = 1;
  double ridge_ = 0;
  double bias_ridge_ = 0;
  std::uint64_t epochs_ = 0;
  RatingScale scale_;
  std::span<const std::int32_t> vocabulary_;
  kernels::ConstMatrix item_factors_;
  std::span<const float> item_bias_;
  kernels::ConstMatrix implicit_factors_;
  StringTensors users_;
  kernels::ConstMatrix user_factors_;
  std::span<const float> user_bias_;
  // Owners of what the views show: a mapped file, or what training made.
  std::shared_ptr<const Safetensors> file_;
  std::shared_ptr<const Memory> memory_;
};

}  // namespace segue::index
