#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

namespace segue::kernels {

/// A row-major matrix that somebody else owns: row r begins at data + r * stride. All matrices of the project
/// are row-major; comments give shapes as [rows, columns]. A view never outlives the call it is passed to.
template <class T>
struct BasicMatrix {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;  ///< distance between rows in elements, at least cols

  BasicMatrix() = default;
  BasicMatrix(T* d, std::size_t r, std::size_t c) : data(d), rows(r), cols(c), stride(c) {}
  BasicMatrix(T* d, std::size_t r, std::size_t c, std::size_t s) : data(d), rows(r), cols(c), stride(s) {}

  /// A view that may be written also serves where one that is only read is wanted.
  template <class U>
  requires std::is_same_v<T, const U> BasicMatrix(
      const BasicMatrix<U>& other)  // NOLINT(google-explicit-constructor)
      : data(other.data), rows(other.rows), cols(other.cols), stride(other.stride) {}

  T* row(std::size_t r) const { return data + r * stride; }
  std::span<T> row_span(std::size_t r) const { return {row(r), cols}; }
  T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
  /// Rows [begin, begin + count).
  BasicMatrix rows_at(std::size_t begin, std::size_t count) const {
    return {row(begin), count, cols, stride};
  }
  /// Columns [begin, begin + count).
  BasicMatrix cols_at(std::size_t begin, std::size_t count) const {
    return {data + begin, rows, count, stride};
  }
};

using Matrix = BasicMatrix<float>;
using ConstMatrix = BasicMatrix<const float>;

}  // namespace segue::kernels
