#include "index/model/rating_sgd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// Cells between two looks at the user's wish to stop.
constexpr std::size_t kCellsPerPart = std::size_t{1} << 16;

class RatingSgd final : public RatingTrainer {
 public:
  RatingSgd(const RatingData& data, const RatingOptions& options, bool implicit)
      : data_(data),
        options_(options),
        factors_(data, options, implicit),
        order_(data.users.size()),
        rate_(options.rate),
        vector_(options.factors),
        gained_(options.factors) {
    std::iota(order_.begin(), order_.end(), 0u);
    shuffle();
  }

  bool advance() override {
    for (std::size_t cells = 0; next_ < order_.size() && cells < kCellsPerPart; ++next_) {
      visit(order_[next_]);
      cells += data_.cells_of(order_[next_]).size() + 1;
    }
    if (next_ < order_.size()) return false;
    next_ = 0;
    ++epoch_;
    rate_ *= options_.rate_decay;
    shuffle();
    return true;
  }
  const RatingFactors& factors() const override { return factors_; }

 private:
  void shuffle() {
    RandomStream random(mix_seed(options_.seed, 1 + epoch_));
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
  }

  /// One step for each of the user's ratings. With g the sum of the steps' e q, decayed like the factors, p
  /// ends at (1 - rate ridge)^n p + g, and y_j at (1 - rate ridge)^n y_j + |N|^-1/2 g, whatever the order.
  void visit(std::uint32_t u) {
    const auto cells = data_.cells_of(u);
    const bool implicit = !factors_.implicit.empty();
    const auto rate = static_cast<float>(rate_);
    const auto ridge = static_cast<float>(options_.ridge);
    const auto bias_ridge = static_cast<float>(options_.bias_ridge);
    const float kept = 1 - rate * ridge;
    // p and the weighted sum of the y_j take the same step, and their sum both.
    const float steps = implicit ? 2.0f : 1.0f;
    const std::size_t size = factors_.factors;
    factors_.user_vector(data_, u, vector_);
    std::fill(gained_.begin(), gained_.end(), 0.0f);
    float& user_bias = factors_.user_bias[u];
    std::size_t rated = 0;
    for (const RatingData::Cell& cell : cells) {
      if (std::isnan(cell.rating)) continue;
      ++rated;
      const auto row = factors_.item_row(cell.item);
      float& item_bias = factors_.item_bias[cell.item];
      const float error =
          factors_.standardised(cell.rating) - user_bias - item_bias - rating_dot(row, vector_);
      user_bias += rate * (error - bias_ridge * user_bias);
      item_bias += rate * (error - bias_ridge * item_bias);
      const float step = rate * error;
      float* const q = row.data();
      float* const v = vector_.data();
      float* const g = gained_.data();
      for (std::size_t k = 0; k < size; ++k) {
        const float moved = step * q[k];
        q[k] = kept * q[k] + step * v[k];
        v[k] = kept * v[k] + steps * moved;
        g[k] = kept * g[k] + moved;
      }
    }
    if (rated == 0) return;
    const auto left = static_cast<float>(std::pow(1 - rate_ * options_.ridge, static_cast<double>(rated)));
    const auto p = factors_.user_row(u);
    for (std::size_t k = 0; k < size; ++k) p[k] = left * p[k] + gained_[k];
    if (!implicit) return;
    const float share = 1 / std::sqrt(static_cast<float>(cells.size()));
    for (float& g : gained_) g *= share;
    for (const RatingData::Cell& cell : cells) {
      const auto y = factors_.implicit_row(cell.item);
      for (std::size_t k = 0; k < size; ++k) y[k] = left * y[k] + gained_[k];
    }
  }

  const RatingData& data_;
  const RatingOptions& options_;
  RatingFactors factors_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
  std::size_t epoch_ = 0;
  double rate_;
  std::vector<float> vector_;  // p_u plus its implicit part
  std::vector<float> gained_;
};

}  // namespace

std::unique_ptr<RatingTrainer> make_rating_sgd(const RatingData& data, const RatingOptions& options,
                                               bool implicit) {
  return std::make_unique<RatingSgd>(data, options, implicit);
}

}  // namespace segue::index
