#include "index/model/negative_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace segue::index {

NegativeSampler::NegativeSampler(std::span<const std::uint32_t> frequency, double power)
    : probability_(frequency.size()),
      threshold_(frequency.size(), 1.0f),
      alias_(frequency.size()),
      times_(frequency.size()) {
  for (std::size_t r = 0; r < frequency.size(); ++r) {
    probability_[r] = frequency[r] == 0 ? 0 : std::pow(static_cast<double>(frequency[r]), power);
  }
  const double sum = std::accumulate(probability_.begin(), probability_.end(), 0.0);
  if (!(sum > 0)) throw std::invalid_argument("no row to draw negatives from");

  std::vector<double> column(frequency.size());  // q times n: 1 on average
  std::vector<std::uint32_t> small, large;
  for (std::size_t r = 0; r < frequency.size(); ++r) {
    probability_[r] /= sum;
    column[r] = probability_[r] * static_cast<double>(frequency.size());
    alias_[r] = static_cast<std::uint32_t>(r);
    (column[r] < 1 ? small : large).push_back(static_cast<std::uint32_t>(r));
  }
  // Each small column is filled up by a large row, which may become small by that.
  while (!small.empty() && !large.empty()) {
    const std::uint32_t s = small.back();
    const std::uint32_t l = large.back();
    small.pop_back();
    threshold_[s] = static_cast<float>(column[s]);
    alias_[s] = l;
    column[l] -= 1 - column[s];
    if (column[l] < 1) {
      large.pop_back();
      small.push_back(l);
    }
  }
  // What rounding leaves over keeps its whole column, except a row that must never be drawn.
  const auto likeliest = std::max_element(probability_.begin(), probability_.end()) - probability_.begin();
  for (const std::uint32_t s : small) {
    if (probability_[s] > 0) continue;
    threshold_[s] = 0;
    alias_[s] = static_cast<std::uint32_t>(likeliest);
  }
}

Negatives NegativeSampler::draw(std::size_t count, RandomStream& random) {
  Negatives negatives;
  if (count >= size()) {
    negatives.rows.resize(size());
    std::iota(negatives.rows.begin(), negatives.rows.end(), 0u);
    negatives.log_expected.assign(size(), 0);
    return negatives;
  }
  for (std::size_t k = 0; k < count; ++k) {
    const auto column = static_cast<std::uint32_t>(random.below(size()));
    const std::uint32_t row =
        random.uniform() < static_cast<double>(threshold_[column]) ? column : alias_[column];
    if (times_[row]++ == 0) negatives.rows.push_back(row);
  }
  std::sort(negatives.rows.begin(), negatives.rows.end());
  negatives.log_expected.reserve(negatives.rows.size());
  for (const std::uint32_t row : negatives.rows) {
    const double expected = static_cast<double>(count) * probability_[row];
    negatives.log_expected.push_back(static_cast<float>(std::log(expected / times_[row])));
    times_[row] = 0;
  }
  return negatives;
}

}  // namespace segue::index
