#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/cpu/lanes_impl.h"
#include "kernels/cpu/product_impl.h"
#include "kernels/cpu/scratch.h"
#include "kernels/tensor_view.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Factor rows taken in at a time: with their weighted copies, 64 rows of 64 floats fill a first-level cache.
constexpr std::size_t kItemBlock = 64;

/// The system a x = right of one user; of a only the upper triangle counts. Rows are whole vectors.
struct System {
  std::size_t size;
  std::size_t stride;
  float* a;
  float* right;

  float* row(std::size_t r) const { return a + r * stride; }
};

HWY_INLINE std::size_t vector_at(std::size_t column) {
  return column / hn::Lanes(Floats()) * hn::Lanes(Floats());
}

/// a += F^T diag(confidence) F and right += F^T (1 + confidence), F the rows of factors that items name.
HWY_INLINE void add_items(const System& system, ConstMatrix factors, std::span<const std::uint32_t> items,
                          std::span<const float> confidence, float* rows, float* weighted) {
  const Floats d;
  for (std::size_t begin = 0; begin < items.size(); begin += kItemBlock) {
    const std::size_t count = std::min(kItemBlock, items.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const float* factor = factors.row(items[begin + i]);
      const Vector extra = hn::Set(d, confidence[begin + i]);
      each_vector(system.size, [&](std::size_t c, auto lanes) HWY_ATTR {
        const Vector f = lanes.load(d, factor + c);
        const Vector w = hn::Mul(extra, f);
        hn::StoreU(f, d, rows + i * system.stride + c);
        hn::StoreU(w, d, weighted + i * system.stride + c);
        hn::StoreU(hn::Add(hn::LoadU(d, system.right + c), hn::Add(f, w)), d, system.right + c);
      });
    }
    const auto upper = [&](std::size_t r, std::size_t) {
      return Extent{vector_at(r), system.size, 0, count};
    };
    product({weighted, 1, system.stride}, {rows, system.stride}, system.size, upper,
            [&](std::size_t r, std::size_t c, Vector v)
                HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, system.row(r) + c), v), d, system.row(r) + c); });
  }
}

/// row r becomes row r / sqrt(pivot), with 0 before the diagonal. False if the pivot is not positive and
/// finite.
HWY_INLINE bool scale_row(const System& system, std::size_t r, float* inverse_pivots) {
  const Floats d;
  float* row = system.row(r);
  const float pivot = row[r];
  if (!(pivot > 0) || !std::isfinite(pivot)) return false;
  inverse_pivots[r] = 1.0f / std::sqrt(pivot);
  const Vector factor = hn::Set(d, inverse_pivots[r]);
  const std::size_t first = vector_at(r);
  const Vector head = hn::Mul(hn::LoadU(d, row + first), factor);
  hn::StoreU(hn::IfThenZeroElse(hn::FirstN(d, r - first), head), d, row + first);
  for (std::size_t c = first + hn::Lanes(d); c < system.stride; c += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(hn::LoadU(d, row + c), factor), d, row + c);
  }
  return true;
}

/// to -= factor * from, in columns from that of `first` on.
HWY_INLINE void subtract(const System& system, std::size_t first, float factor, const float* from,
                         float* to) {
  const Floats d;
  const Vector factors = hn::Set(d, factor);
  for (std::size_t c = vector_at(first); c < system.stride; c += hn::Lanes(d)) {
    hn::StoreU(hn::NegMulAdd(factors, hn::LoadU(d, from + c), hn::LoadU(d, to + c)), d, to + c);
  }
}

/// Cholesky: the upper triangle of a becomes u, a = u^T u. A strip of rows first loses what all rows above it
/// take, as one product, then what its own rows take from each other.
HWY_INLINE bool factorise(const System& system, float* inverse_pivots) {
  const Floats d;
  for (std::size_t begin = 0; begin < system.size; begin += kTileRows) {
    const std::size_t end = std::min(begin + kTileRows, system.size);
    product_strip({system.a, 1, system.stride}, {system.a, system.stride}, TileRows{begin, end - begin},
                  Extent{vector_at(begin), system.size, 0, begin},
                  [&](std::size_t r, std::size_t c, Vector v) HWY_ATTR {
                    hn::StoreU(hn::Sub(hn::LoadU(d, system.row(r) + c), v), d, system.row(r) + c);
                  });
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t k = begin; k < r; ++k)
        subtract(system, r, system.row(k)[r], system.row(k), system.row(r));
      if (!scale_row(system, r, inverse_pivots)) return false;
    }
  }
  return true;
}

/// Solves u^T y = right, then u x = y. y and x are whole vectors, 0 where nothing has been written yet.
HWY_INLINE void substitute(const System& system, const float* inverse_pivots, float* y, float* x) {
  const Floats d;
  for (std::size_t r = 0; r < system.size; ++r) {
    y[r] = system.right[r] * inverse_pivots[r];
    subtract(system, r, y[r], system.row(r), system.right);
  }
  for (std::size_t r = system.size; r-- > 0;) {
    Vector sum = hn::Zero(d);
    for (std::size_t c = vector_at(r); c < system.stride; c += hn::Lanes(d)) {
      sum = hn::MulAdd(hn::LoadU(d, system.row(r) + c), hn::LoadU(d, x + c), sum);
    }
    x[r] = (y[r] - sum_of(sum)) * inverse_pivots[r];
  }
}

/// Backend::als_solve on checked arguments; false if the system is not positive definite.
bool solve_least_squares(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
                         std::span<const float> confidence, float ridge, std::span<float> x,
                         Scratch& scratch) {
  const Floats d;
  const std::size_t size = x.size();
  const std::size_t stride = padded(size);
  float* room = scratch.take((size + 2 * kItemBlock + 4) * stride);
  float* rows = room + size * stride;
  float* weighted = rows + kItemBlock * stride;
  const System system{size, stride, room, weighted + kItemBlock * stride};
  float* inverse_pivots = system.right + stride;
  float* y = inverse_pivots + stride;
  float* solution = y + stride;

  for (std::size_t r = 0; r < size; ++r) {
    each_vector(size, [&](std::size_t c, auto lanes)
                          HWY_ATTR { hn::StoreU(lanes.load(d, gram.row(r) + c), d, system.row(r) + c); });
    system.row(r)[r] += ridge;
  }
  std::fill_n(system.right, stride, 0.0f);
  std::fill_n(solution, stride, 0.0f);
  add_items(system, factors, items, confidence, rows, weighted);
  if (!factorise(system, inverse_pivots)) return false;
  substitute(system, inverse_pivots, y, solution);
  std::copy_n(solution, size, x.data());
  return true;
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
