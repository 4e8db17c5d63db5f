#include "index/model/alternating_least_squares.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "index/model/random_stream.h"
#include "index/model/sparse_symmetric.h"
#include "kernels/symmetric_eigen.h"

namespace segue::index {

namespace {

/// Rows that a thread solves at a time, and how many of them pass between two looks at the user's wish to
/// stop.
constexpr std::size_t kRowsPerBlock = 64;
constexpr std::size_t kBlocksPerCheck = 256;
/// Rows of a block where whole tables are multiplied.
constexpr std::size_t kProductRows = 1024;
/// Deviation of the first factors times sqrt(factors), as in arXiv:2110.14037.
constexpr double kStart = 0.1;
/// Rows with more pairs are solved by Cholesky, which passes over the pairs once and copies none: the copies
/// of conjugate gradients would no longer fit any cache.
constexpr std::size_t kLongestDescent = std::size_t{1} << 16;

std::size_t blocks_of(std::size_t rows, std::size_t per_block) {
  return (rows + per_block - 1) / per_block;
}

/// The inner product in doubles; sums side by side, so that the compiler can use vectors.
double product_of(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kSums = 8;
  std::array<double, kSums> sums{};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums) {
    for (std::size_t s = 0; s < kSums; ++s)
      sums[s] += static_cast<double>(a[i + s]) * static_cast<double>(b[i + s]);
  }
  for (; i < a.size(); ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// table = table rotation, block by block; rotation [d, d].
void rotate_rows(kernels::Matrix table, kernels::ConstMatrix rotation, const kernels::Backend& backend,
                 kernels::ThreadPool& pool) {
  pool.run(blocks_of(table.rows, kProductRows), [&](std::size_t block) {
    const std::size_t first = block * kProductRows;
    const std::size_t count = std::min(kProductRows, table.rows - first);
    std::vector<float> rotated(count * table.cols);
    const kernels::Matrix rows = table.rows_at(first, count);
    backend.matmul(rows, kernels::Op::kNone, rotation, kernels::Op::kNone, 1, 0,
                   {rotated.data(), count, table.cols});
    std::copy(rotated.begin(), rotated.end(), rows.data);
  });
}

}  // namespace

std::vector<double> gram_of(kernels::ConstMatrix factors, const kernels::Backend& backend,
                            kernels::ThreadPool& pool) {
  const std::size_t d = factors.cols;
  const std::size_t blocks = blocks_of(factors.rows, kProductRows);
  constexpr std::size_t kAtATime = 64;  // bounds the memory of the parts
  std::vector<double> gram(d * d);
  std::vector<float> parts(std::min(blocks, kAtATime) * d * d);
  for (std::size_t first = 0; first < blocks; first += kAtATime) {
    const std::size_t count = std::min(kAtATime, blocks - first);
    pool.run(count, [&](std::size_t part) {
      const std::size_t row = (first + part) * kProductRows;
      const auto rows = factors.rows_at(row, std::min(kProductRows, factors.rows - row));
      backend.matmul(rows, kernels::Op::kTranspose, rows, kernels::Op::kNone, 1, 0,
                     {parts.data() + part * d * d, d, d});
    });
    for (std::size_t part = 0; part < count; ++part) {
      for (std::size_t i = 0; i < d * d; ++i) gram[i] += static_cast<double>(parts[part * d * d + i]);
    }
  }
  return gram;
}

AlternatingLeastSquares::AlternatingLeastSquares(const Interactions& interactions, const MfOptions& options,
                                                 const kernels::Backend& backend, kernels::ThreadPool& pool)
    : interactions_(interactions),
      options_(options),
      backend_(backend),
      pool_(pool),
      user_count_(interactions.by_user().offsets.size() - 1),
      item_count_(interactions.vocabulary().size()),
      users_(user_count_ * options.factors),
      items_(item_count_ * options.factors),
      gram_(options.factors * options.factors) {
  require_in_range(options);
  RandomStream random(options.seed);
  const float deviation = static_cast<float>(kStart / std::sqrt(static_cast<double>(options.factors)));
  for (float& x : items_) x = deviation * random.normal();
}

void AlternatingLeastSquares::iterate(const Progress& progress) {
  const kernels::Matrix users(users_.data(), user_count_, options_.factors);
  const kernels::Matrix items(items_.data(), item_count_, options_.factors);
  solve(interactions_.by_user(), items, users, progress);
  solve(interactions_.by_item(), users, items, progress);
}

void AlternatingLeastSquares::solve(const PairRows& pairs, kernels::Matrix fixed, kernels::Matrix solved,
                                    const Progress& progress) {
  const bool descend = options_.descent_steps > 0;
  const std::vector<double> gram = gram_of(fixed, backend_, pool_);
  std::transform(gram.begin(), gram.end(), gram_.begin(), [](double x) { return static_cast<float>(x); });
  if (descend) rotate(fixed, solved);
  constexpr std::size_t kChunk = kRowsPerBlock * kBlocksPerCheck;
  for (std::size_t first = 0; first < solved.rows; first += kChunk) {
    const std::size_t end = std::min(solved.rows, first + kChunk);
    pool_.run(blocks_of(end - first, kRowsPerBlock), [&](std::size_t block) {
      const std::size_t begin = first + block * kRowsPerBlock;
      const auto rows = solved.rows_at(begin, std::min(kRowsPerBlock, end - begin));
      if (descend) {
        descend_rows(pairs, begin, fixed, rows);
      } else {
        solve_rows(pairs, begin, fixed, rows);
      }
    });
    progress.check();
  }
}

void AlternatingLeastSquares::rotate(kernels::Matrix fixed, kernels::Matrix solved) {
  const std::size_t d = options_.factors;
  std::vector<double> gram(gram_.begin(), gram_.end());
  std::vector<double> vectors(d * d);
  const std::vector<double> values = kernels::symmetric_eigen(gram, d, vectors);
  std::vector<float> rotation(vectors.size());
  std::transform(vectors.begin(), vectors.end(), rotation.begin(),
                 [](double x) { return static_cast<float>(x); });
  std::fill(gram_.begin(), gram_.end(), 0.0f);
  for (std::size_t f = 0; f < d; ++f) gram_[f * d + f] = static_cast<float>(std::max(0.0, values[f]));
  rotate_rows(fixed, {rotation.data(), d, d}, backend_, pool_);
  rotate_rows(solved, {rotation.data(), d, d}, backend_, pool_);
}

void AlternatingLeastSquares::solve_rows(const PairRows& pairs, std::size_t first, kernels::ConstMatrix fixed,
                                         kernels::Matrix solved) const {
  const kernels::ConstMatrix gram(gram_.data(), options_.factors, options_.factors);
  std::vector<float> weights;
  for (std::size_t r = 0; r < solved.rows; ++r) {
    const auto own = pairs.weights_of(first + r);
    weights.assign(own.begin(), own.end());
    solve_row(options_, backend_, {gram, fixed}, pairs.others_of(first + r), weights, solved.row_span(r));
  }
}

void AlternatingLeastSquares::descend_rows(const PairRows& pairs, std::size_t first,
                                           kernels::ConstMatrix fixed, kernels::Matrix solved) const {
  const std::size_t d = options_.factors;
  std::vector<float> diagonal(d);
  for (std::size_t f = 0; f < d; ++f) diagonal[f] = gram_[f * d + f];
  std::vector<float> ridges(solved.rows);
  for (std::size_t r = 0; r < solved.rows; ++r)
    ridges[r] = static_cast<float>(ridge_of(options_, pairs.others_of(first + r).size(), fixed.rows));
  const float scale = static_cast<float>(options_.confidence / options_.unobserved_weight);
  const auto length = [&](std::size_t r) { return pairs.others_of(first + r).size(); };
  for (std::size_t begin = 0; begin < solved.rows;) {
    std::size_t end = begin;
    while (end < solved.rows && length(end) <= kLongestDescent) ++end;
    const kernels::AlsRows rows{std::span(pairs.offsets).subspan(first + begin, end - begin + 1),
                                pairs.others, pairs.weights, std::span(ridges).subspan(begin, end - begin),
                                scale};
    backend_.als_descend(rows, diagonal, fixed, options_.descent_steps, solved.rows_at(begin, end - begin));
    if (end < solved.rows) solve_rows(pairs, first + end, fixed, solved.rows_at(end, 1));
    begin = end + 1;
  }
}

double AlternatingLeastSquares::objective() const {
  const double a = options_.unobserved_weight;
  const double c = options_.confidence;
  const auto users = user_factors();
  const auto items = item_factors();
  // Over all pairs as if none had events: sum (x . y)^2 is the inner product of the two Gram matrices.
  const std::vector<double> x = gram_of(users, backend_, pool_);
  const std::vector<double> y = gram_of(items, backend_, pool_);
  double total = a * std::inner_product(x.begin(), x.end(), y.begin(), 0.0);

  const PairRows& pairs = interactions_.by_user();
  std::vector<double> sums(blocks_of(user_count_, kProductRows));
  pool_.run(sums.size(), [&](std::size_t block) {
    for (std::size_t u = block * kProductRows; u < std::min(user_count_, (block + 1) * kProductRows); ++u) {
      const auto others = pairs.others_of(u);
      for (std::size_t p = 0; p < others.size(); ++p) {
        const double score = product_of(users.row_span(u), items.row_span(others[p]));
        const double weight = a + c * static_cast<double>(pairs.weights_of(u)[p]);
        sums[block] += weight * (1 - score) * (1 - score) - a * score * score;
      }
    }
  });
  total = std::accumulate(sums.begin(), sums.end(), total);
  const auto add_ridge = [&](const PairRows& side, kernels::ConstMatrix factors, std::size_t other_count) {
    for (std::size_t r = 0; r < factors.rows; ++r) {
      const auto row = factors.row_span(r);
      const double square = std::inner_product(row.begin(), row.end(), row.begin(), 0.0);
      if (square > 0) total += a * ridge_of(options_, side.others_of(r).size(), other_count) * square;
    }
  };
  add_ridge(pairs, users, item_count_);
  add_ridge(interactions_.by_item(), items, user_count_);
  return total;
}

}  // namespace segue::index
