#include "index/model/rating_als.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace segue::index {
namespace {

constexpr std::size_t kRowsPerBlock = 32;
/// Rows solved between two looks at the user's wish to stop, as a number of blocks.
constexpr std::size_t kBlocksPerPart = 16;
/// Rows whose products the backend adds up in floats; beyond that they are added in doubles.
constexpr std::size_t kRowsPerProduct = 256;

/// The rated cells of one side: row r's partners on the other, rising, and their standardised ratings.
struct RatedRows {
  std::vector<std::size_t> offsets{0};
  std::vector<std::uint32_t> others;
  std::vector<float> ratings;
};

RatedRows by_user(const RatingData& data, const RatingFactors& factors) {
  RatedRows rows;
  for (std::size_t u = 0; u < data.users.size(); ++u) {
    for (const RatingData::Cell& cell : data.cells_of(u)) {
      if (std::isnan(cell.rating)) continue;
      rows.others.push_back(cell.item);
      rows.ratings.push_back(factors.standardised(cell.rating));
    }
    rows.offsets.push_back(rows.others.size());
  }
  return rows;
}

RatedRows transposed(const RatedRows& rows, std::size_t columns) {
  RatedRows result;
  result.offsets.assign(columns + 1, 0);
  for (const std::uint32_t other : rows.others) ++result.offsets[other + 1];
  for (std::size_t c = 0; c < columns; ++c) result.offsets[c + 1] += result.offsets[c];
  result.others.resize(rows.others.size());
  result.ratings.resize(rows.others.size());
  std::vector<std::size_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (std::size_t r = 0; r + 1 < rows.offsets.size(); ++r) {
    for (std::size_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
      const std::size_t place = next[rows.others[e]]++;
      result.others[place] = static_cast<std::uint32_t>(r);
      result.ratings[place] = rows.ratings[e];
    }
  }
  return result;
}

/// Solves a x = b in place for a positive definite a [n, n], of which the lower triangle is read: Cholesky's
/// decomposition.
void solve_positive_definite(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

/// A side of the factorisation as ALS sees it.
struct Side {
  std::vector<float>& factors;
  std::vector<float>& bias;
};

class RatingAls final : public RatingTrainer {
 public:
  RatingAls(const RatingData& data, const RatingOptions& options, const kernels::Backend& backend,
            kernels::ThreadPool& pool)
      : options_(options),
        backend_(backend),
        pool_(pool),
        factors_(data, options, false),
        by_user_(by_user(data, factors_)),
        by_item_(transposed(by_user_, data.items.size())) {}

  bool advance() override {
    const Side users{factors_.user, factors_.user_bias};
    const Side items{factors_.item, factors_.item_bias};
    const RatedRows& rows = users_next_ ? by_user_ : by_item_;
    const Side& solved = users_next_ ? users : items;
    const Side& fixed = users_next_ ? items : users;
    const std::size_t end = std::min(solved.bias.size(), next_ + kRowsPerBlock * kBlocksPerPart);
    const std::size_t first = next_;
    pool_.run((end - first + kRowsPerBlock - 1) / kRowsPerBlock, [&](std::size_t block) {
      System system(factors_.factors + 1);
      const std::size_t begin = first + block * kRowsPerBlock;
      for (std::size_t r = begin; r < std::min(end, begin + kRowsPerBlock); ++r)
        solve(rows, r, fixed, solved, system);
    });
    next_ = end;
    if (next_ < solved.bias.size()) return false;
    next_ = 0;
    users_next_ = !users_next_;
    return users_next_;
  }
  const RatingFactors& factors() const override { return factors_; }

 private:
  /// What one thread needs for a row.
  struct System {
    explicit System(std::size_t n) : gathered(kRowsPerProduct * n), product(n * n), a(n * n), b(n) {}
    std::vector<float> gathered;  // partners' factors and 1, [kRowsPerProduct, n]
    std::vector<float> product;   // [n, n]
    std::vector<double> a;
    std::vector<double> b;
  };

  /// Factors x and bias c of a row of n ratings minimise
  ///   sum of (r - bias_other - x . f_other - c)^2 + n (ridge |x|^2 + bias_ridge c^2).
  void solve(const RatedRows& rows, std::size_t r, const Side& fixed, const Side& solved,
             System& system) const {
    const std::size_t count = rows.offsets[r + 1] - rows.offsets[r];
    if (count == 0) return;
    const std::size_t f = factors_.factors;
    const std::size_t n = f + 1;
    std::fill(system.a.begin(), system.a.end(), 0.0);
    std::fill(system.b.begin(), system.b.end(), 0.0);
    for (std::size_t first = rows.offsets[r]; first < rows.offsets[r + 1]; first += kRowsPerProduct) {
      const std::size_t size = std::min(kRowsPerProduct, rows.offsets[r + 1] - first);
      for (std::size_t e = 0; e < size; ++e) {
        const std::uint32_t other = rows.others[first + e];
        float* const row = system.gathered.data() + e * n;
        std::copy_n(fixed.factors.data() + other * f, f, row);
        row[f] = 1;
        const double target = static_cast<double>(rows.ratings[first + e] - fixed.bias[other]);
        for (std::size_t k = 0; k < n; ++k) system.b[k] += target * static_cast<double>(row[k]);
      }
      const kernels::ConstMatrix gathered(system.gathered.data(), size, n);
      backend_.matmul(gathered, kernels::Op::kTranspose, gathered, kernels::Op::kNone, 1, 0,
                      {system.product.data(), n, n});
      for (std::size_t k = 0; k < n * n; ++k) system.a[k] += static_cast<double>(system.product[k]);
    }
    for (std::size_t k = 0; k < n; ++k)
      system.a[k * n + k] += static_cast<double>(count) * (k < f ? options_.ridge : options_.bias_ridge);
    solve_positive_definite(system.a, system.b);
    for (std::size_t k = 0; k < f; ++k) solved.factors[r * f + k] = static_cast<float>(system.b[k]);
    solved.bias[r] = static_cast<float>(system.b[f]);
  }

  const RatingOptions& options_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  RatingFactors factors_;
  RatedRows by_user_;
  RatedRows by_item_;
  std::size_t next_ = 0;
  bool users_next_ = true;
};

}  // namespace

std::unique_ptr<RatingTrainer> make_rating_als(const RatingData& data, const RatingOptions& options,
                                               const kernels::Backend& backend, kernels::ThreadPool& pool) {
  return std::make_unique<RatingAls>(data, options, backend, pool);
}

}  // namespace segue::index
