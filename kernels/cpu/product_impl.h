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

/// A tile of kRows by kVectors sums, handed to store(r, c, vector) one vector at a time.
template <std::size_t kRows, std::size_t kVectors, class Store>
HWY_INLINE void product_tile(Left a, Right b, std::size_t r, std::size_t c, const Extent& extent,
                             const Store& store) {
  const Floats d;
  const std::size_t n = hn::Lanes(d);
  Vector sums[kRows][kVectors];
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::Zero(d);
  }
  for (std::size_t k = extent.first_inner; k < extent.end_inner; ++k) {
    Vector right[kVectors];
    for (std::size_t j = 0; j < kVectors; ++j) right[j] = hn::LoadU(d, b.data + k * b.stride + c + j * n);
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vector left = hn::Set(d, a.data[(r + i) * a.row + k * a.inner]);
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kVectors; ++j) store(r + i, c + j * n, sums[i][j]);
  }
}

template <std::size_t kRows, class Store>
HWY_INLINE void product_rows(Left a, Right b, std::size_t r, const Extent& extent, const Store& store) {
  const std::size_t n = hn::Lanes(Floats());
  std::size_t c = extent.first_col;
  for (; c + (kTileVectors - 1) * n < extent.end_col; c += kTileVectors * n) {
    product_tile<kRows, kTileVectors>(a, b, r, c, extent, store);
  }
  for (; c < extent.end_col; c += n) product_tile<kRows, 1>(a, b, r, c, extent, store);
}

/// Stores rows [0, rows) of a b, of each group of rows the part that extent(begin, end) names: store(row,
/// column, vector) gets whole vectors, also where the last reaches beyond end_col.
template <class Extents, class Store>
HWY_INLINE void product(Left a, Right b, std::size_t rows, const Extents& extent, const Store& store) {
  std::size_t r = 0;
  for (; r + kTileRows <= rows; r += kTileRows)
    product_rows<kTileRows>(a, b, r, extent(r, r + kTileRows), store);
  for (; r < rows; ++r) product_rows<1>(a, b, r, extent(r, r + 1), store);
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
