#include <algorithm>
#include <cmath>
#include <span>

#include "hwy/cache_control.h"
#include "kernels/backend.h"
#include "kernels/cpu/lanes_impl.h"
#include "kernels/cpu/product_impl.h"
#include "kernels/cpu/scratch.h"
#include "kernels/tensor_view.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Rows whose products with a vector are summed together; a row's block is filled with zeros up to a
/// multiple.
constexpr std::size_t kQuad = 4;
/// Rows that make one vector of products, at least.
constexpr std::size_t kMaxLanes = hn::MaxLanes(Floats());
constexpr std::size_t kGroup = kMaxLanes > kQuad ? kMaxLanes : kQuad;
constexpr std::size_t kQuadsPerGroup = kGroup / kQuad;
static_assert(kGroup <= 16, "sum_group knows up to four blocks");
/// Factor rows fetched ahead of the one that is copied, also across the border to the next system.
constexpr std::size_t kFetchAhead = 24;

/// One system (diag(diagonal) + F^T C F) x = F^T (1 + c) with its factor rows copied side by side, where they
/// stay in a near cache from pass to pass. Vectors are whole: [stride], 0 behind the end.
struct PackedSystem {
  std::size_t count;   ///< factor rows
  std::size_t stride;  ///< of a factor row, whole vectors
  float* rows;         ///< [count rounded up to quads, stride]
  float* confidence;   ///< [count rounded up to groups], 0 behind the end
  float* diagonal;
  float* x;
  float* residual;
  float* direction;
  float* image;    ///< the system's matrix times direction
  float* inverse;  ///< 1 / diagonal of the system's matrix: the preconditioner
};

// The calls without hn:: are found by their arguments where the functions are used: the set without vectors,
// which uses none, has no such names.

/// In each block of four lanes: the sums of that block of a, b, c and e.
template <class V>
HWY_INLINE V sum_blocks(V a, V b, V c, V e) {
  const hn::DFromV<V> d;
  const hn::Repartition<std::uint64_t, hn::DFromV<V>> pairs;
  const auto ab = hn::BitCast(pairs, hn::Add(InterleaveLower(d, a, b), InterleaveUpper(d, a, b)));
  const auto ce = hn::BitCast(pairs, hn::Add(InterleaveLower(d, c, e), InterleaveUpper(d, c, e)));
  return hn::Add(hn::BitCast(d, InterleaveLower(pairs, ab, ce)),
                 hn::BitCast(d, InterleaveUpper(pairs, ab, ce)));
}

/// Lane 4 q + i: the sum of what sum_blocks left of its vector i over the blocks of quads[q].
template <class V>
HWY_INLINE V sum_group(const V* quads) {
  const hn::DFromV<V> d;
  const auto halves = [&](V low, V high) HWY_ATTR {
    return hn::Add(ConcatLowerLower(d, high, low), ConcatUpperUpper(d, high, low));
  };
  if constexpr (kQuadsPerGroup == 1) {
    return quads[0];
  } else if constexpr (kQuadsPerGroup == 2) {
    return halves(quads[0], quads[1]);
  } else {
    const V even = halves(quads[0], quads[2]);
    const V odd = halves(quads[1], quads[3]);
    return hn::Add(OddEvenBlocks(SwapAdjacentBlocks(odd), even),
                   OddEvenBlocks(odd, SwapAdjacentBlocks(even)));
  }
}

/// products[i] = the inner product of v with row i of the `quads` quads at rows; 0 beyond.
template <class D>
HWY_INLINE void inner_products(D d, const float* rows, std::size_t stride, std::size_t quads, const float* v,
                               float* products) {
  Vector sums[kQuadsPerGroup];
#pragma GCC unroll 4
  for (std::size_t q = 0; q < kQuadsPerGroup; ++q) {
    if (q >= quads) {
      sums[q] = hn::Zero(d);
      continue;
    }
    const float* row = rows + q * kQuad * stride;
    Vector s[kQuad] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (std::size_t c = 0; c < stride; c += hn::Lanes(d)) {
      const Vector factor = hn::LoadU(d, v + c);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < kQuad; ++i)
        s[i] = hn::MulAdd(factor, hn::LoadU(d, row + i * stride + c), s[i]);
    }
    if constexpr (hn::MaxLanes(D()) == 1) {
      for (std::size_t i = 0; i < kQuad; ++i) products[i] = hn::GetLane(s[i]);
    } else {
      sums[q] = sum_blocks(s[0], s[1], s[2], s[3]);
    }
  }
  if constexpr (hn::MaxLanes(D()) > 1) hn::StoreU(sum_group(sums), d, products);
}

/// out += sum over `count` rows of weights[i] row i, in kVectors vectors of columns. Two sums for each
/// vector, or every addition would wait for the one before.
template <std::size_t kVectors>
HWY_INLINE void add_columns(const float* rows, std::size_t stride, std::size_t count, const float* weights,
                            float* out) {
  const Floats d;
  const std::size_t n = hn::Lanes(d);
  Vector sums[2][kVectors];
#pragma GCC unroll 4
  for (std::size_t j = 0; j < kVectors; ++j) {
    sums[0][j] = hn::LoadU(d, out + j * n);
    sums[1][j] = hn::Zero(d);
  }
  for (std::size_t i = 0; i < count; i += 2) {
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) {
      const Vector weight = hn::Set(d, weights[i + half]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < kVectors; ++j) {
        const Vector f = hn::LoadU(d, rows + (i + half) * stride + j * n);
        sums[half][j] = hn::MulAdd(weight, f, sums[half][j]);
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t j = 0; j < kVectors; ++j) hn::StoreU(hn::Add(sums[0][j], sums[1][j]), d, out + j * n);
}

/// out += sum of weights[i] row i over the quads.
HWY_INLINE void add_rows(const float* rows, std::size_t stride, std::size_t quads, const float* weights,
                         float* out) {
  const std::size_t n = hn::Lanes(Floats());
  const std::size_t count = quads * kQuad;
  std::size_t c = 0;
  for (; c + 4 * n <= stride; c += 4 * n) add_columns<4>(rows + c, stride, count, weights, out + c);
  for (; c < stride; c += n) add_columns<1>(rows + c, stride, count, weights, out + c);
}

/// Calls step(begin, quads) for each group of rows.
template <class Step>
HWY_INLINE void each_group(std::size_t count, const Step& step) {
  std::size_t begin = 0;
  for (; begin + kGroup <= count; begin += kGroup) step(begin, kQuadsPerGroup);
  if (begin < count) step(begin, (count - begin + kQuad - 1) / kQuad);
}

/// Copies the factor rows of a group; `all` begins with the group's names and reaches to the end of the
/// batch.
HWY_INLINE void pack_group(const PackedSystem& system, ConstMatrix factors,
                           std::span<const std::uint32_t> all, std::size_t begin, std::size_t quads) {
  const Floats d;
  const std::size_t end = std::min(begin + quads * kQuad, system.count);
  for (std::size_t i = begin; i < end; ++i) {
    if (i + kFetchAhead < all.size()) {
      const float* next = factors.row(all[i + kFetchAhead]);
      for (std::size_t c = 0; c < factors.cols; c += 16) hwy::Prefetch(next + c);
    }
    const float* factor = factors.row(all[i]);
    float* to = system.rows + i * system.stride;
    each_vector(factors.cols, [&](std::size_t c, auto lanes)
                                  HWY_ATTR { hn::StoreU(lanes.load(d, factor + c), d, to + c); });
  }
  for (std::size_t i = end; i < begin + quads * kQuad; ++i)
    std::fill_n(system.rows + i * system.stride, system.stride, 0.0f);
}

/// The first pass: packs the rows, residual = right side - matrix x.
HWY_INLINE void begin_descent(const PackedSystem& system, ConstMatrix factors,
                              std::span<const std::uint32_t> all) {
  const Floats d;
  for (std::size_t c = 0; c < system.stride; c += hn::Lanes(d)) {
    hn::StoreU(hn::Neg(hn::Mul(hn::LoadU(d, system.diagonal + c), hn::LoadU(d, system.x + c))), d,
               system.residual + c);
  }
  const Vector one = hn::Set(d, 1.0f);
  HWY_ALIGN float weights[kGroup];
  each_group(system.count, [&](std::size_t begin, std::size_t quads) HWY_ATTR {
    pack_group(system, factors, all, begin, quads);
    const float* rows = system.rows + begin * system.stride;
    inner_products(d, rows, system.stride, quads, system.x, weights);
    for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
      const Vector missing = hn::Sub(one, hn::LoadU(d, weights + i));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, system.confidence + begin + i), missing, one), d, weights + i);
    }
    add_rows(rows, system.stride, quads, weights, system.residual);
  });
}

/// image = matrix direction.
HWY_INLINE void apply(const PackedSystem& system) {
  const Floats d;
  for (std::size_t c = 0; c < system.stride; c += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(hn::LoadU(d, system.diagonal + c), hn::LoadU(d, system.direction + c)), d,
               system.image + c);
  }
  HWY_ALIGN float weights[kGroup];
  each_group(system.count, [&](std::size_t begin, std::size_t quads) HWY_ATTR {
    const float* rows = system.rows + begin * system.stride;
    inner_products(d, rows, system.stride, quads, system.direction, weights);
    for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
      const Vector confidence = hn::LoadU(d, system.confidence + begin + i);
      hn::StoreU(hn::Mul(confidence, hn::LoadU(d, weights + i)), d, weights + i);
    }
    add_rows(rows, system.stride, quads, weights, system.image);
  });
}

/// x after `steps` steps; false where the matrix is not positive definite.
HWY_INLINE bool descend(const PackedSystem& system, std::size_t steps) {
  const Floats d;
  const std::size_t n = hn::Lanes(d);
  Vector sum = hn::Zero(d);
  for (std::size_t c = 0; c < system.stride; c += n) {
    const Vector r = hn::LoadU(d, system.residual + c);
    const Vector p = hn::Mul(r, hn::LoadU(d, system.inverse + c));
    hn::StoreU(p, d, system.direction + c);
    sum = hn::MulAdd(r, p, sum);
  }
  float norm = sum_of(sum);  // of the residual, in the preconditioner's metric
  for (std::size_t step = 0; step < steps && norm != 0; ++step) {
    apply(system);
    sum = hn::Zero(d);
    for (std::size_t c = 0; c < system.stride; c += n)
      sum = hn::MulAdd(hn::LoadU(d, system.direction + c), hn::LoadU(d, system.image + c), sum);
    const float curvature = sum_of(sum);
    if (!(curvature > 0) || !std::isfinite(norm)) return curvature == 0 && std::isfinite(norm);
    const Vector length = hn::Set(d, norm / curvature);
    sum = hn::Zero(d);
    for (std::size_t c = 0; c < system.stride; c += n) {
      const Vector p = hn::LoadU(d, system.direction + c);
      hn::StoreU(hn::MulAdd(length, p, hn::LoadU(d, system.x + c)), d, system.x + c);
      const Vector r =
          hn::NegMulAdd(length, hn::LoadU(d, system.image + c), hn::LoadU(d, system.residual + c));
      hn::StoreU(r, d, system.residual + c);
      sum = hn::MulAdd(hn::Mul(r, r), hn::LoadU(d, system.inverse + c), sum);
    }
    const float next = sum_of(sum);
    const Vector keep = hn::Set(d, next / norm);
    norm = next;
    for (std::size_t c = 0; c < system.stride; c += n) {
      const Vector z = hn::Mul(hn::LoadU(d, system.residual + c), hn::LoadU(d, system.inverse + c));
      hn::StoreU(hn::MulAdd(keep, hn::LoadU(d, system.direction + c), z), d, system.direction + c);
    }
  }
  return true;
}

/// Backend::als_descend on checked arguments; false if a system is not positive definite.
bool descend_rows(const AlsRows& batch, std::span<const float> diagonal, ConstMatrix factors,
                  std::size_t steps, Matrix x, Scratch& scratch) {
  const Floats d;
  const std::size_t size = x.cols;
  const std::size_t stride = padded(size);
  std::size_t longest = 0;
  for (std::size_t r = 0; r < x.rows; ++r)
    longest = std::max(longest, batch.offsets[r + 1] - batch.offsets[r]);
  longest = (longest / kGroup + 1) * kGroup;

  PackedSystem system{};
  system.stride = stride;
  system.rows = scratch.take(longest * (stride + 1) + 6 * stride);
  system.confidence = system.rows + longest * stride;
  float* vectors = system.confidence + longest;
  std::fill_n(vectors, 6 * stride, 0.0f);
  system.diagonal = vectors;
  system.x = vectors + stride;
  system.residual = vectors + 2 * stride;
  system.direction = vectors + 3 * stride;
  system.image = vectors + 4 * stride;
  system.inverse = vectors + 5 * stride;

  for (std::size_t r = 0; r < x.rows; ++r) {
    const std::size_t begin = batch.offsets[r];
    system.count = batch.offsets[r + 1] - begin;
    if (system.count == 0) {
      std::fill_n(x.row(r), size, 0.0f);
      continue;
    }
    each_vector(size, [&](std::size_t c, auto lanes) HWY_ATTR {
      const Vector sum = hn::Add(lanes.load(d, diagonal.data() + c), hn::Set(d, batch.ridge[r]));
      lanes.store(d, sum, system.diagonal + c);
      lanes.store(d, hn::Div(hn::Set(d, 1.0f), sum), system.inverse + c);
      hn::StoreU(lanes.load(d, x.row(r) + c), d, system.x + c);
    });
    const Vector scale = hn::Set(d, batch.scale);
    std::fill_n(system.confidence + system.count / kGroup * kGroup, kGroup, 0.0f);
    each_vector(system.count, [&](std::size_t i, auto lanes) HWY_ATTR {
      hn::StoreU(hn::Mul(scale, lanes.load(d, batch.confidence.data() + begin + i)), d,
                 system.confidence + i);
    });
    begin_descent(system, factors, batch.items.subspan(begin, batch.offsets.back() - begin));
    if (!descend(system, steps)) return false;
    std::copy_n(system.x, size, x.row(r));
  }
  return true;
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
