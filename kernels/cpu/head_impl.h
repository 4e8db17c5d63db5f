// What attention and its backward kernel share: the operands of a head in whole vectors, and the products
// over them.

#include "kernels/cpu/head.h"
#include "kernels/cpu/lanes_impl.h"

// These take lanes_impl.h as included.
#include "kernels/cpu/exp_impl.h"
#include "kernels/cpu/mask_impl.h"
#include "kernels/cpu/product_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// The sizes of a head, and the extents of its products where rows are queries and columns keys.
struct HeadPlan {
  explicit HeadPlan(const Head& head)
      : length(head.length), size(head.size), keys(padded(head.length)), width(padded(head.size)) {}

  /// Rows are queries, columns the keys up to the diagonal, the inner length is head_size.
  auto scores() const {
    return [*this](std::size_t, std::size_t end) { return Extent{0, end, 0, size}; };
  }
  /// Rows are queries, columns those of the head, the inner length is the keys up to the diagonal.
  auto over_keys() const {
    return [*this](std::size_t, std::size_t end) { return Extent{0, size, 0, end}; };
  }
  /// Rows are keys, columns those of the head, the inner length is the queries from the diagonal on.
  auto over_queries() const {
    return [*this](std::size_t begin, std::size_t) { return Extent{0, size, begin, length}; };
  }

  std::size_t length;
  std::size_t size;
  std::size_t keys;   ///< length in whole vectors
  std::size_t width;  ///< head_size in whole vectors
};

/// to [rows, stride] = from, the columns beyond its width 0.
HWY_INLINE void pack(ConstMatrix from, float* to, std::size_t stride) {
  const Floats d;
  for (std::size_t r = 0; r < from.rows; ++r) {
    each_vector(from.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
      hn::StoreU(lanes.load(d, from.row(r) + c), d, to + r * stride + c);
    });
  }
}

/// Four floats, in the form that GCC and Clang know on every processor: Highway's baseline has no shuffles.
using Quad = float __attribute__((vector_size(16)));

HWY_INLINE Quad load_quad(const float* p) {
  Quad quad;
  std::memcpy(&quad, p, sizeof(quad));
  return quad;
}

/// to [4, 4] = from transposed.
HWY_INLINE void transpose_square(const float* from, std::size_t from_stride, float* to,
                                 std::size_t to_stride) {
  const Quad row0 = load_quad(from);
  const Quad row1 = load_quad(from + from_stride);
  const Quad row2 = load_quad(from + 2 * from_stride);
  const Quad row3 = load_quad(from + 3 * from_stride);
  const Quad low01 = __builtin_shufflevector(row0, row1, 0, 4, 1, 5);
  const Quad low23 = __builtin_shufflevector(row2, row3, 0, 4, 1, 5);
  const Quad high01 = __builtin_shufflevector(row0, row1, 2, 6, 3, 7);
  const Quad high23 = __builtin_shufflevector(row2, row3, 2, 6, 3, 7);
  const Quad columns[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                           __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                           __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                           __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(to + i * to_stride, &columns[i], sizeof(Quad));
}

/// to [from.cols, stride] = from transposed. The columns beyond its rows stay what they were: they belong to
/// no key, and what comes of them is never looked at.
HWY_INLINE void pack_transposed(ConstMatrix from, float* to, std::size_t stride) {
  const std::size_t square_rows = from.rows / 4 * 4;
  const std::size_t square_cols = from.cols / 4 * 4;
  for (std::size_t r = 0; r < square_rows; r += 4) {
    for (std::size_t c = 0; c < square_cols; c += 4) {
      transpose_square(from.row(r) + c, from.stride, to + c * stride + r, stride);
    }
  }
  for (std::size_t c = 0; c < from.cols; ++c) {
    float* out = to + c * stride;
    for (std::size_t r = c < square_cols ? square_rows : 0; r < from.rows; ++r) out[r] = from(r, c);
  }
}

/// Sets row[count, end) to 0, from the next whole vector on: the vector before is the caller's.
HWY_INLINE void clear_behind(float* row, std::size_t count, std::size_t end) {
  const Floats d;
  for (std::size_t j = padded(count); j < end; j += hn::Lanes(d)) hn::StoreU(hn::Zero(d), d, row + j);
}

/// Puts a product into the columns of a caller's matrix, row r times factor(r).
template <class Factor>
HWY_INLINE auto into(Matrix m, const Factor& factor) {
  return [m, factor](std::size_t r, std::size_t c, Vector v) HWY_ATTR {
    const Floats d;
    const Vector scaled = hn::Mul(v, hn::Set(d, factor(r)));
    if (c + hn::Lanes(d) <= m.cols) {
      hn::StoreU(scaled, d, m.row(r) + c);
    } else {
      Part{m.cols - c}.store(d, scaled, m.row(r) + c);
    }
  };
}
HWY_INLINE auto into(Matrix m) {
  return into(m, [](std::size_t) { return 1.0f; });
}

/// Puts a product, scaled, into rows of whole vectors.
HWY_INLINE auto into(float* rows, std::size_t stride, float scale) {
  return [rows, stride, scale](std::size_t r, std::size_t c, Vector v) HWY_ATTR {
    const Floats d;
    hn::StoreU(hn::Mul(v, hn::Set(d, scale)), d, rows + r * stride + c);
  };
}

HWY_INLINE Left left(ConstMatrix m) {
  return {m.data, m.stride, 1};
}
HWY_INLINE Left left(const float* rows, std::size_t stride) {
  return {rows, stride, 1};
}
HWY_INLINE Left left_transposed(const float* rows, std::size_t stride) {
  return {rows, 1, stride};
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
