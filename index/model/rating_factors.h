#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/model/rating_data.h"
#include "index/model/rating_error.h"

namespace segue::index {

/// How the parameters are found.
enum class RatingMethod {
  kAls,    ///< alternating least squares, without implicit feedback
  kSgd,    ///< stochastic gradient descent, without implicit feedback
  kSvdpp,  ///< stochastic gradient descent with implicit feedback (SVD++)
};

std::string_view to_string(RatingMethod method);  ///< "als", "sgd", "svdpp"
/// Nothing for any other text.
std::optional<RatingMethod> parse_rating_method(std::string_view text);

/// Constants of the factorisation. Ridges and rate are for ratings brought to mean 0 and deviation 1, so that
/// they mean the same on a scale to 5 and on one to 100.
struct RatingOptions {
  // --- behaviour
  // -------------------------------------------------------------------------------------------------
  std::optional<RatingMethod> method;  ///< nothing: the one with the smallest error on held-back ratings
  std::size_t factors = 32;
  double ridge = 0.1;        ///< of the factors, for each rating that they take part in
  double bias_ridge = 0.02;  ///< of the biases, alike
  double held_back = 0.1;    ///< share of the ratings that choose the method and the number of epochs
  std::uint64_t seed = 1;
  // --- time
  // ------------------------------------------------------------------------------------------------------
  std::size_t epochs = 60;   ///< at most; the best epoch on held-back ratings counts
  std::size_t patience = 6;  ///< epochs without a smaller error that end the search
  double rate = 0.06;        ///< of a step of gradient descent
  double rate_decay = 0.95;  ///< the rate's factor from epoch to epoch

  friend bool operator==(const RatingOptions&, const RatingOptions&) = default;
};

/// The parameters of
///
///   r(u, i) = b_u + b_i + q_i . (p_u + |N(u)|^-1/2 sum over j in N(u) of y_j)
///
/// for standardised ratings r, N(u) the items that u rated or touched (Koren, "Factorization meets the
/// neighborhood", KDD 2008, without y: the biased factorisation). All methods minimise, over the observed
/// ratings alone,
///
///   sum of (r_ui - r(u, i))^2 + ridge (|p_u|^2 + |q_i|^2 + sum over j in N(u) of |y_j|^2)
///                             + bias_ridge (b_u^2 + b_i^2).
///
/// Rows are those of the RatingData that it was made for. Thread-compatible.
struct RatingFactors {
  /// Biases, p and y 0, q drawn from the seed with a length of about 0.8; those of users and items without a
  /// rating stay 0.
  RatingFactors(const RatingData& data, const RatingOptions& options, bool implicit);

  std::size_t factors;
  double mean = 0;       ///< of the ratings; a rating stands for mean + deviation r
  double deviation = 1;  ///< 1 where all ratings are equal
  std::vector<float> user_bias;
  std::vector<float> item_bias;
  std::vector<float> user;      ///< p [users, factors]
  std::vector<float> item;      ///< q [items, factors]
  std::vector<float> implicit;  ///< y [items, factors]; empty: none

  std::span<float> user_row(std::size_t u) { return {user.data() + u * factors, factors}; }
  std::span<float> item_row(std::size_t i) { return {item.data() + i * factors, factors}; }
  std::span<float> implicit_row(std::size_t j) { return {implicit.data() + j * factors, factors}; }
  std::span<const float> user_row(std::size_t u) const { return {user.data() + u * factors, factors}; }
  std::span<const float> item_row(std::size_t i) const { return {item.data() + i * factors, factors}; }
  std::span<const float> implicit_row(std::size_t j) const {
    return {implicit.data() + j * factors, factors};
  }

  float standardised(float rating) const {
    return static_cast<float>((static_cast<double>(rating) - mean) / deviation);
  }
  /// Writes |N(u)|^-1/2 sum of y_j to z [factors]; zeros without y.
  void implicit_part(std::span<const RatingData::Cell> cells, std::span<float> z) const;
  /// Writes p_u plus that to v [factors].
  void user_vector(const RatingData& data, std::size_t u, std::span<float> v) const;
};

/// What is minimised, in doubles. For tests and learning curves: one pass over the data.
double rating_objective(const RatingFactors& factors, const RatingData& data, const RatingOptions& options);
RatingError rating_error(const RatingFactors& factors, const RatingData& data,
                         std::span<const HeldRating> ratings, float least, float most);

/// Improves factors epoch by epoch. The factors depend on data, options and seed alone, not on threads.
class RatingTrainer {
 public:
  virtual ~RatingTrainer() = default;
  /// A part of an epoch, some ten milliseconds. True when that part ended one.
  virtual bool advance() = 0;
  virtual const RatingFactors& factors() const = 0;
};

/// q . v in four lanes, so that it can be vectorised without loosening the rules of floating point.
inline float rating_dot(std::span<const float> a, std::span<const float> b) {
  float lanes[4] = {0, 0, 0, 0};
  std::size_t k = 0;
  for (; k + 4 <= a.size(); k += 4) {
    for (std::size_t l = 0; l < 4; ++l) lanes[l] += a[k + l] * b[k + l];
  }
  float sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
  for (; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace segue::index
