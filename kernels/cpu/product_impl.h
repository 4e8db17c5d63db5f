// Small matrix products on operands that lie in a cache, with the half that causality or symmetry makes idle
// left out. At the sizes of one attention head (50 by 50 by 64) they are faster than BLAS, which packs first
// and knows no triangles.
// Include kernels/cpu/lanes_impl.h first.

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// Vectors of a tile's width: with as many rows, the sums of a tile fill half of the registers.
constexpr std::size_t kTileVectors = hn::MaxLanes(Floats()) >= 16 ? 4 : 2;
constexpr std::size_t kTileRows = 4;

/// count rounded up to whole vectors.
HWY_INLINE std::size_t padded(std::size_t count) {
  const std::size_t n = hn::Lanes(Floats());
  return (count + n - 1) / n * n;
}

/// The left operand, of which single elements are taken: (r, k) at data[r * row + k * inner]. Transposed:
/// swap the steps.
struct Left {
  const float* data;
  std::size_t row;
  std::size_t inner;
};

/// The right operand, of which whole vectors are taken: rows of a stride that is a multiple of the vector.
struct Right {
  const float* data;
  std::size_t stride;
};

/// Which part of a product the rows [begin, end) of it need.
struct Extent {
  std::size_t first_col;  ///< a multiple of the vector
  std::size_t end_col;
  std::size_t first_inner;
  std::size_t end_inner;
};

/// The rows of a tile. At the end of a matrix fewer are wanted: the last is then taken again, which costs
/// less than code for each number of rows.
struct TileRows {
  std::size_t begin;
  std::size_t count;
  HWY_INLINE std::size_t at(std::size_t i) const { return begin + (i < count ? i : count - 1); }
};

/// A tile of kVectors from column c on, handed to store(r, c, vector) one vector at a time. The loops over
/// rows and vectors must be unrolled, or the sums live in memory.
template <std::size_t kVectors, class Store>
HWY_INLINE void product_tile(Left a, Right b, TileRows rows, std::size_t c, const Extent& extent,
                             const Store& store) {
  const Floats d;
  const std::size_t n = hn::Lanes(d);
  const float* left[kTileRows];
  Vector sums[kTileRows][kVectors];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kTileRows; ++i) {
    left[i] = a.data + rows.at(i) * a.row;
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::Zero(d);
  }
  for (std::size_t k = extent.first_inner; k < extent.end_inner; ++k) {
    const float* right = b.data + k * b.stride + c;
    Vector row[kVectors];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kVectors; ++j) row[j] = hn::LoadU(d, right + j * n);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const Vector factor = hn::Set(d, left[i][k * a.inner]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(factor, row[j], sums[i][j]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kTileRows; ++i) {
    if (i >= rows.count) break;
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kVectors; ++j) store(rows.begin + i, c + j * n, sums[i][j]);
  }
}

/// The last `vectors` <= kVectors of a strip of rows.
template <std::size_t kVectors, class Store>
HWY_INLINE void product_end(Left a, Right b, TileRows rows, std::size_t c, std::size_t vectors,
                            const Extent& extent, const Store& store) {
  if constexpr (kVectors > 0) {
    if (vectors == kVectors) return product_tile<kVectors>(a, b, rows, c, extent, store);
    product_end<kVectors - 1>(a, b, rows, c, vectors, extent, store);
  }
}

/// One strip of rows of a product, see below.
template <class Store>
HWY_INLINE void product_strip(Left a, Right b, TileRows rows, const Extent& extent, const Store& store) {
  const std::size_t n = hn::Lanes(Floats());
  const std::size_t end = padded(extent.end_col);
  std::size_t c = extent.first_col;
  for (; c + kTileVectors * n <= end; c += kTileVectors * n)
    product_tile<kTileVectors>(a, b, rows, c, extent, store);
  product_end<kTileVectors - 1>(a, b, rows, c, (end - c) / n, extent, store);
}

/// Stores rows [0, rows) of a b, of each strip [begin, end) of rows the part that extent_of(begin, end)
/// names: store(row, column, vector) gets whole vectors, also where the last reaches beyond end_col.
template <class Extents, class Store>
HWY_INLINE void product(Left a, Right b, std::size_t rows, const Extents& extent_of, const Store& store) {
  for (std::size_t r = 0; r < rows; r += kTileRows) {
    const TileRows strip{r, rows - r < kTileRows ? rows - r : kTileRows};
    product_strip(a, b, strip, extent_of(r, r + strip.count), store);
  }
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
