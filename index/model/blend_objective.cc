#include "index/model/blend_objective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "index/model/projected_newton.h"

namespace segue::index {
namespace {

constexpr double kDepth = 10;  // of the NDCG
constexpr double kRidge = 1e-4;
constexpr std::size_t kContestsPerBlock = 32;

std::size_t begin_of(const BlendContest& contest, std::size_t count) {
  return count == 0 ? 0 : contest.ends[count - 1];
}

/// What the score of a competitor of a class is ahead of the target's beside the part of its own z-scores:
/// the target's z-scores at the weights of the competitor's class instead of its own.
double class_offset(const BlendContest& contest, const BlendTable& weights, std::size_t count) {
  if (count == contest.target) return 0;
  double offset = 0;
  for (std::size_t m = 0; m < weights.models; ++m) {
    offset += (weights.at(contest.length, m, count) - weights.at(contest.length, m, contest.target)) *
              contest.target_z[m];
  }
  return offset;
}

/// By how much each competitor is ahead of the target.
template <class Number>
void leads(const BlendContest& contest, const BlendTable& weights, std::vector<Number>& sums) {
  const std::size_t n = contest.competitors();
  sums.resize(n);
  for (std::size_t k = 0; k < contest.ends.size(); ++k) {
    const std::size_t begin = begin_of(contest, k);
    const std::size_t end = contest.ends[k];
    std::fill(sums.begin() + static_cast<std::ptrdiff_t>(begin),
              sums.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<Number>(class_offset(contest, weights, k)));
    for (std::size_t m = 0; m < weights.models; ++m) {
      const Number weight = static_cast<Number>(weights.at(contest.length, m, k));
      if (weight == 0) continue;
      const float* ahead = contest.ahead.data() + m * n;
      for (std::size_t c = begin; c < end; ++c) sums[c] += weight * static_cast<Number>(ahead[c]);
    }
  }
}

/// Sum of a[i] b[i] in a fixed number of lanes, which is an order that the compiler may use vectors for.
double dot(const double* a, const float* b, std::size_t n) {
  constexpr std::size_t kLanes = 16;
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) lanes[l] += a[i + l] * static_cast<double>(b[i + l]);
  }
  for (std::size_t l = 0; i < n; ++i, ++l) lanes[l] += a[i] * static_cast<double>(b[i]);
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

double gain_of(std::span<const float> sums) {
  std::size_t above = 0;
  std::size_t level = 0;
  for (const float sum : sums) {
    above += sum > 0;
    level += sum == 0;
  }
  const double rank = 1 + static_cast<double>(above) + static_cast<double>(level) / 2;
  return rank <= kDepth ? 1 / std::log2(rank + 1) : 0;
}

}  // namespace

BlendTable::BlendTable(const BlendContests& shape, std::span<const double> weights)
    : models(shape.models),
      lengths(shape.lengths),
      counts(shape.counts),
      values(shape.lengths * shape.models * shape.counts) {
  for (std::size_t l = 0; l < lengths; ++l) {
    for (std::size_t m = 0; m < models; ++m) {
      for (std::size_t k = 0; k < counts; ++k) at(l, m, k) = weights[m];
    }
  }
}

std::vector<double> ndcg_gains(const BlendContests& contests, const BlendTable& weights,
                               kernels::ThreadPool& pool) {
  std::vector<double> gains(contests.sequences, 0);
  const std::size_t n = contests.contests.size();
  pool.run((n + kContestsPerBlock - 1) / kContestsPerBlock, [&](std::size_t block) {
    std::vector<float> sums;
    for (std::size_t i = block * kContestsPerBlock; i < std::min(n, (block + 1) * kContestsPerBlock); ++i) {
      leads(contests.contests[i], weights, sums);
      gains[contests.contests[i].sequence] = gain_of(sums);
    }
  });
  return gains;
}

std::vector<std::vector<double>> ndcg_gains_by_share(const BlendContests& contests,
                                                     std::span<const double> others, std::size_t part,
                                                     std::span<const double> shares,
                                                     kernels::ThreadPool& pool) {
  std::vector<std::vector<double>> gains(shares.size(), std::vector<double>(contests.sequences, 0));
  std::vector<double> rest(others.begin(), others.end());
  rest[part] = 0;
  const BlendTable table(contests, rest);
  const std::size_t n = contests.contests.size();
  pool.run((n + kContestsPerBlock - 1) / kContestsPerBlock, [&](std::size_t block) {
    std::vector<float> base;
    std::vector<float> sums;
    for (std::size_t i = block * kContestsPerBlock; i < std::min(n, (block + 1) * kContestsPerBlock); ++i) {
      const BlendContest& contest = contests.contests[i];
      leads(contest, table, base);
      const float* ahead = contest.ahead.data() + part * base.size();
      sums.resize(base.size());
      for (std::size_t s = 0; s < shares.size(); ++s) {
        const float share = static_cast<float>(shares[s]);
        for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = (1 - share) * base[c] + share * ahead[c];
        gains[s][contest.sequence] = gain_of(sums);
      }
    }
  });
  return gains;
}

double mean(std::span<const double> gains) {
  return gains.empty() ? 0
                       : std::accumulate(gains.begin(), gains.end(), 0.0) / static_cast<double>(gains.size());
}

double error_of_difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2) return 0;
  const double n = static_cast<double>(a.size());
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] - b[i];
    squares += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)) / n);
}

/// Of the contests of a block: the value, and gradient and Hessian by (length, model, class of item).
struct BlendLikelihood::Sums {
  double value = 0;
  std::vector<double> gradient;  // [lengths, models, classes]
  std::vector<double> hessian;   // [lengths, models x classes, models x classes]; may be empty
};

BlendLikelihood::BlendLikelihood(const BlendContests& contests, const BlendFold& fold, std::vector<char> used,
                                 Shape shape, double shrinkage, kernels::ThreadPool& pool)
    : all_(&contests),
      lengths_(shape.by_length ? contests.lengths : 1),
      counts_(shape.by_count && contests.counts > 1 ? contests.counts : 0),
      shrinkage_(shrinkage),
      pool_(&pool) {
  for (std::size_t m = 0; m < used.size(); ++m) {
    if (used[m] != 0) used_.push_back(m);
  }
  if (used_.empty()) throw std::invalid_argument("weights of no model cannot be fitted");
  for (const BlendContest& contest : contests.contests) {
    if (fold.learns(contest.sequence) && contest.competitors() > 0) contests_.push_back(&contest);
  }
  for (const std::size_t m : used_) {
    double variance = 0;
    for (const BlendContest* contest : contests_) {
      const std::size_t n = contest->competitors();
      const float* ahead = contest->ahead.data() + m * n;
      double sum = 0;
      double squares = 0;
      for (std::size_t c = 0; c < n; ++c) {
        sum += static_cast<double>(ahead[c]);
        squares += static_cast<double>(ahead[c]) * static_cast<double>(ahead[c]);
      }
      const double average = sum / static_cast<double>(n);
      variance += squares / static_cast<double>(n) - average * average;
    }
    variance /= static_cast<double>(std::max<std::size_t>(1, contests_.size()));
    variance_.push_back(std::max(variance, 1e-3));
  }
}

void BlendLikelihood::add_contest(const BlendContest& contest, const BlendTable& weights, Sums& sums) const {
  const std::size_t n = contest.competitors();
  const std::size_t models = used_.size();
  const std::size_t classes = std::max<std::size_t>(1, counts_);
  std::vector<double> share;
  leads(contest, weights, share);
  const double top = std::max(0.0, n == 0 ? 0.0 : *std::max_element(share.begin(), share.end()));
  double total = std::exp(-top);
  for (double& s : share) total += s = std::exp(s - top);
  sums.value += std::log(total) + top;
  if (sums.gradient.empty()) return;
  for (double& s : share) s /= total;
  const double target_share = std::exp(-top) / total;

  // Sums over the candidates of each class, in z-scores less the target's: shares, means, products.
  const std::size_t width = models * classes;
  const std::size_t length = lengths_ > 1 ? contest.length : 0;
  std::vector<double> mean(width, 0);  // [models, classes] of shares times z
  std::vector<double> z(models);
  std::vector<double> moved(n);
  double* hessian = sums.hessian.empty() ? nullptr : sums.hessian.data() + length * width * width;
  double* gradient = sums.gradient.data() + length * width;
  for (std::size_t m = 0; m < models; ++m) z[m] = contest.target_z[used_[m]];
  for (std::size_t k = 0; k < classes; ++k) {
    const std::size_t begin = counts_ == 0 ? 0 : begin_of(contest, k);
    const std::size_t end = counts_ == 0 ? n : contest.ends[k];
    const bool of_target = counts_ == 0 || k == contest.target;
    double weight = of_target ? target_share : 0;
    for (std::size_t c = begin; c < end; ++c) weight += share[c];
    std::vector<double> ahead(models, 0);
    for (std::size_t m = 0; m < models; ++m) {
      const float* a = contest.ahead.data() + used_[m] * n;
      for (std::size_t c = begin; c < end; ++c) moved[c] = share[c] * static_cast<double>(a[c]);
      ahead[m] = dot(share.data() + begin, a + begin, end - begin);
      mean[m * classes + k] = ahead[m] + weight * z[m];
      gradient[m * classes + k] += mean[m * classes + k] - (of_target ? z[m] : 0);
      for (std::size_t other = 0; hessian != nullptr && other <= m; ++other) {
        const float* b = contest.ahead.data() + used_[other] * n;
        const double product = dot(moved.data() + begin, b + begin, end - begin) + z[m] * ahead[other] +
                               ahead[m] * z[other] + weight * z[m] * z[other];
        hessian[(m * classes + k) * width + other * classes + k] += product;
        if (other != m) hessian[(other * classes + k) * width + m * classes + k] += product;
      }
    }
  }
  if (hessian == nullptr) return;
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j < width; ++j) hessian[i * width + j] -= mean[i] * mean[j];
  }
}

/// From sums by (length, model, class) to parameters: a model's a_l moves its weight in all classes of items,
/// its b_c in all lengths.
void BlendLikelihood::spread(const Sums& sums, std::span<double> gradient, std::span<double> hessian) const {
  const std::size_t models = used_.size();
  const std::size_t classes = std::max<std::size_t>(1, counts_);
  const std::size_t width = models * classes;
  const std::size_t n = parameters();
  const auto places = [&](std::size_t length, std::size_t cell) {
    std::vector<std::size_t> both{cell / classes * lengths_ + length};
    if (counts_ > 0) both.push_back(models * lengths_ + cell);
    return both;
  };
  for (std::size_t l = 0; l < lengths_; ++l) {
    for (std::size_t i = 0; i < width; ++i) {
      for (const std::size_t p : places(l, i)) {
        gradient[p] += sums.gradient[l * width + i];
        for (std::size_t j = 0; !hessian.empty() && j < width; ++j) {
          for (const std::size_t q : places(l, j))
            hessian[p * n + q] += sums.hessian[(l * width + i) * width + j];
        }
      }
    }
  }
}

double BlendLikelihood::penalise(std::span<const double> at, std::span<double> gradient,
                                 std::span<double> hessian) const {
  double value = 0;
  const std::size_t n = at.size();
  const auto group = [&](std::size_t first, std::size_t size, double variance) {
    const double average = std::accumulate(at.begin() + static_cast<std::ptrdiff_t>(first),
                                           at.begin() + static_cast<std::ptrdiff_t>(first + size), 0.0) /
                           static_cast<double>(size);
    for (std::size_t i = first; i < first + size; ++i) {
      value += variance / 2 * (shrinkage_ * (at[i] - average) * (at[i] - average) + kRidge * at[i] * at[i]);
      if (!gradient.empty()) gradient[i] += variance * (shrinkage_ * (at[i] - average) + kRidge * at[i]);
      if (hessian.empty()) continue;
      hessian[i * n + i] += variance * (shrinkage_ + kRidge);
      for (std::size_t j = first; j < first + size; ++j) {
        hessian[i * n + j] -= variance * shrinkage_ / static_cast<double>(size);
      }
    }
  };
  for (std::size_t m = 0; m < used_.size(); ++m) {
    group(m * lengths_, lengths_, variance_[m]);
    if (counts_ > 0) group(used_.size() * lengths_ + m * counts_, counts_, variance_[m]);
  }
  return value;
}

double BlendLikelihood::evaluate(std::span<const double> at, std::span<double> gradient,
                                 std::span<double> hessian) const {
  const BlendTable weights = table(at);
  const std::size_t classes = std::max<std::size_t>(1, counts_);
  const std::size_t width = used_.size() * classes;
  const std::size_t blocks = (contests_.size() + kContestsPerBlock - 1) / kContestsPerBlock;
  // Blocks are summed up in their order, so that threads do not matter.
  std::vector<Sums> sums(blocks);
  pool_->run(blocks, [&](std::size_t block) {
    if (!gradient.empty()) sums[block].gradient.assign(lengths_ * width, 0);
    if (!hessian.empty()) sums[block].hessian.assign(lengths_ * width * width, 0);
    const std::size_t end = std::min(contests_.size(), (block + 1) * kContestsPerBlock);
    for (std::size_t i = block * kContestsPerBlock; i < end; ++i)
      add_contest(*contests_[i], weights, sums[block]);
  });
  std::fill(gradient.begin(), gradient.end(), 0.0);
  std::fill(hessian.begin(), hessian.end(), 0.0);
  double value = 0;
  for (const Sums& part : sums) {
    value += part.value;
    if (!gradient.empty()) spread(part, gradient, hessian);
  }
  const double scale = 1 / static_cast<double>(std::max<std::size_t>(1, contests_.size()));
  for (double& g : gradient) g *= scale;
  for (double& h : hessian) h *= scale;
  return value * scale + penalise(at, gradient, hessian);
}

std::vector<double> BlendLikelihood::start() const {
  std::vector<double> at(parameters(), 0);
  for (std::size_t m = 0; m < used_.size(); ++m) {
    for (std::size_t l = 0; l < lengths_; ++l) {
      at[m * lengths_ + l] = 1 / (std::sqrt(variance_[m]) * static_cast<double>(used_.size()));
    }
  }
  return at;
}

BlendTable BlendLikelihood::table(std::span<const double> at) const {
  BlendTable table(*all_, std::vector<double>(all_->models, 0));
  for (std::size_t l = 0; l < table.lengths; ++l) {
    for (std::size_t m = 0; m < used_.size(); ++m) {
      for (std::size_t k = 0; k < table.counts; ++k) {
        double weight = at[m * lengths_ + (lengths_ > 1 ? l : 0)];
        if (counts_ > 0) weight += at[used_.size() * lengths_ + m * counts_ + k];
        table.at(l, used_[m], k) = weight;
      }
    }
  }
  return table;
}

BlendTable BlendLikelihood::fit() const {
  return table(
      minimise_not_below_zero([this](std::span<const double> at, std::span<double> gradient,
                                     std::span<double> hessian) { return evaluate(at, gradient, hessian); },
                              start()));
}

}  // namespace segue::index
