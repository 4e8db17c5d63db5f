#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/learning_curve.h"
#include "index/model/training_data.h"
#include "index/progress.h"
#include "index/stored_matrix.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

class Safetensors;

/// Constants of implicit ALS.
struct MfOptions {
  // --- behaviour -------------------------------------------------------------------------------------------
  std::size_t factors = 96;
  std::size_t iterations = 12;
  double unobserved_weight = 0.02;  ///< a: weight of a pair without events
  double confidence = 1;            ///< c: weight of a pair per unit of its events' weights, on top of a
  double ridge = 0.001;             ///< r
  double ridge_exponent = 0.75;     ///< e: 0 gives every row the same ridge, 1 one that grows with its events
  std::size_t descent_steps = 3;    ///< conjugate gradient steps of a row and half; 0: solved by Cholesky
  double recency = 2;               ///< p: the k-th newest item of a session is folded in with weight k^-p
  std::uint64_t seed = 1;

  friend bool operator==(const MfOptions&, const MfOptions&) = default;
};

/// Throws std::invalid_argument for constants out of range.
void require_in_range(const MfOptions& options);

/// r_u / a of the objective below: the ridge of a row with events on `pairs` of the other side's `others`
/// rows, in units of the unobserved weight.
double ridge_of(const MfOptions& options, std::size_t pairs, std::size_t others);

/// The side of the factorisation that one half of an iteration holds still.
struct FixedSide {
  kernels::ConstMatrix gram;     ///< [factors, factors] = factors^T factors
  kernels::ConstMatrix factors;  ///< [n, factors]
};

/// Writes to x [factors] the row that minimises the objective below with the other side held still. others:
/// the rows of fixed.factors that it has events with, weights: the pairs' w, which are overwritten. No events
/// give zeros.
void solve_row(const MfOptions& options, const kernels::Backend& backend, const FixedSide& fixed,
               std::span<const std::uint32_t> others, std::span<float> weights, std::span<float> x);

/// Item factors by alternating least squares on implicit data: users u are sequences, items i have events,
/// and
///   sum over all (u, i) of (a + c w_ui) (p_ui - x_u . y_i)^2 + sum_u r_u |x_u|^2 + sum_i r_i |y_i|^2
/// is minimised, with w_ui the summed weights of the pair's events, p_ui = 1 where it has any, and r_u = r
/// (n_u + a items)^e, n_u the number of u's distinct items, r_i alike (Hu, Koren, Volinsky 2008, with the
/// unobserved weight and the frequency-scaled ridge of Rendle et al., arXiv:2110.14037). Immutable,
/// thread-safe.
class MatrixFactorization {
 public:
  /// Same bytes for the same seed and any number of threads. Data without events gives an empty vocabulary.
  /// Throws std::invalid_argument for constants out of range and Error (kInterrupted) through progress.
  static MatrixFactorization train(const TrainingData& data, const MfOptions& options,
                                   const kernels::Backend& backend, kernels::ThreadPool& pool,
                                   Progress& progress);
  /// models/mf.safetensors, mapped. Throws Error (kDamagedStore) when it does not fit a catalogue of
  /// item_count items.
  static MatrixFactorization open(const std::filesystem::path& file, std::size_t item_count);
  /// The same constants with other items: vocabulary rising, factors [vocabulary, factors]. Throws
  /// std::invalid_argument for another number of factors.
  MatrixFactorization with_items(std::vector<std::int32_t> vocabulary, std::vector<float> factors) const;
  /// vocabulary I32 [items], item_factors [items, factors] stored as `storage` says, the options as metadata.
  /// Throws Error (kResource).
  void save(const std::filesystem::path& file, Storage storage = Storage::kFp32) const;
  /// Replaces the factors by what storing makes of them, so that what is evaluated is what will be served.
  void round_to(Storage storage);

  const MfOptions& options() const noexcept { return options_; }
  /// Items with events, rising; row r of item_factors() belongs to vocabulary()[r].
  std::span<const std::int32_t> vocabulary() const noexcept { return vocabulary_; }
  kernels::ConstMatrix item_factors() const noexcept { return item_factors_; }
  /// How training went: the objective for each observed pair after each iteration. Not stored.
  const std::vector<LearningPoint>& curve() const noexcept { return curve_; }

 private:
  MatrixFactorization() = default;

  MfOptions options_;
  std::vector<LearningPoint> curve_;
  std::span<const std::int32_t> vocabulary_;
  kernels::ConstMatrix item_factors_;
  // Owners of what the two views show: a mapped file, or what training made.
  std::shared_ptr<const Safetensors> file_;
  std::shared_ptr<const std::vector<std::int32_t>> own_vocabulary_;
  std::shared_ptr<const std::vector<float>> own_factors_;
};

}  // namespace segue::index
