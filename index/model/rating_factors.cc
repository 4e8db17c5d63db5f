#include "index/model/rating_factors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// Length that the factors of an item have at the start, about. p begins at 0, so that users with few ratings
/// have no noise of it in them; q does not, since zeros on both sides are a saddle of the objective.
constexpr double kStart = 0.8;

constexpr std::array<std::pair<RatingMethod, std::string_view>, 3> kMethods = {{
    {RatingMethod::kAls, "als"},
    {RatingMethod::kSgd, "sgd"},
    {RatingMethod::kSvdpp, "svdpp"},
}};

double squared(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
  return sum;
}

}  // namespace

std::string_view to_string(RatingMethod method) {
  for (const auto& [known, name] : kMethods) {
    if (known == method) return name;
  }
  return "";
}

std::optional<RatingMethod> parse_rating_method(std::string_view text) {
  for (const auto& [method, name] : kMethods) {
    if (name == text) return method;
  }
  return std::nullopt;
}

RatingFactors::RatingFactors(const RatingData& data, const RatingOptions& options, bool with_implicit)
    : factors(options.factors),
      user_bias(data.users.size()),
      item_bias(data.items.size()),
      user(data.users.size() * factors),
      item(data.items.size() * factors),
      implicit(with_implicit ? data.items.size() * factors : 0) {
  double sum = 0;
  double squares = 0;
  std::vector<bool> rated_item(data.items.size(), false);
  for (std::size_t u = 0; u < data.users.size(); ++u) {
    for (const RatingData::Cell& cell : data.cells_of(u)) {
      if (std::isnan(cell.rating)) continue;
      sum += static_cast<double>(cell.rating);
      rated_item[cell.item] = true;
    }
  }
  const double n = static_cast<double>(std::max<std::size_t>(1, data.ratings));
  mean = sum / n;
  for (const RatingData::Cell& cell : data.cells) {
    if (std::isnan(cell.rating)) continue;
    const double away = static_cast<double>(cell.rating) - mean;
    squares += away * away;
  }
  // Equal ratings leave rounding errors, which nothing is to be learned from.
  const double spread = std::sqrt(squares / n);
  if (spread > 1e-6 * (1 + std::abs(mean))) deviation = spread;

  RandomStream random(options.seed);
  const auto start = static_cast<float>(kStart / std::sqrt(static_cast<double>(factors)));
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    if (rated_item[i]) {
      for (float& x : item_row(i)) x = start * random.normal();
    }
  }
}

void RatingFactors::implicit_part(std::span<const RatingData::Cell> cells, std::span<float> z) const {
  std::fill(z.begin(), z.end(), 0.0f);
  if (implicit.empty() || cells.empty()) return;
  for (const RatingData::Cell& cell : cells) {
    const auto y = implicit_row(cell.item);
    for (std::size_t k = 0; k < factors; ++k) z[k] += y[k];
  }
  const float scale = 1 / std::sqrt(static_cast<float>(cells.size()));
  for (float& x : z) x *= scale;
}

void RatingFactors::user_vector(const RatingData& data, std::size_t u, std::span<float> v) const {
  implicit_part(data.cells_of(u), v);
  const auto p = user_row(u);
  for (std::size_t k = 0; k < factors; ++k) v[k] += p[k];
}

double rating_objective(const RatingFactors& factors, const RatingData& data, const RatingOptions& options) {
  double sum = 0;
  std::vector<float> v(factors.factors);
  for (std::size_t u = 0; u < data.users.size(); ++u) {
    const auto cells = data.cells_of(u);
    factors.user_vector(data, u, v);
    double own = squared(factors.user_row(u));
    if (!factors.implicit.empty()) {
      for (const RatingData::Cell& cell : cells) own += squared(factors.implicit_row(cell.item));
    }
    const double bias = factors.user_bias[u];
    for (const RatingData::Cell& cell : cells) {
      if (std::isnan(cell.rating)) continue;
      const double item_bias = factors.item_bias[cell.item];
      const auto q = factors.item_row(cell.item);
      const double error =
          static_cast<double>(factors.standardised(cell.rating)) - bias - item_bias - dot(q, v);
      sum += error * error + options.ridge * (own + squared(q)) +
             options.bias_ridge * (bias * bias + item_bias * item_bias);
    }
  }
  return sum;
}

RatingError rating_error(const RatingFactors& factors, const RatingData& data,
                         std::span<const HeldRating> ratings, float least, float most) {
  RatingErrorSum errors;
  std::vector<float> v(factors.factors);
  std::uint32_t of = LogEvent::kNone;
  for (const HeldRating& held : ratings) {
    if (held.user != of) factors.user_vector(data, held.user, v);
    of = held.user;
    const double score = static_cast<double>(factors.user_bias[held.user]) +
                         static_cast<double>(factors.item_bias[held.item]) +
                         dot(factors.item_row(held.item), v);
    const double predicted = factors.mean + factors.deviation * score;
    // A prediction that is no number must not be clipped into one.
    const double clipped = std::isnan(predicted)
                               ? predicted
                               : std::clamp(predicted, static_cast<double>(least), static_cast<double>(most));
    errors.add(static_cast<double>(held.rating) - clipped);
  }
  return errors.mean();
}

}  // namespace segue::index
