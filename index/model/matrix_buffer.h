#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/tensor_view.h"

namespace segue::index {

/// A matrix that owns its memory and keeps it from step to step. Thread-compatible.
class MatrixBuffer {
 public:
  /// Gives the matrix a new shape; values are not kept and not cleared.
  kernels::Matrix reshape(std::size_t rows, std::size_t cols) {
    if (values_.size() < rows * cols) values_.resize(rows * cols);
    rows_ = rows;
    cols_ = cols;
    return view();
  }
  kernels::Matrix reshape_to_zeros(std::size_t rows, std::size_t cols) {
    reshape(rows, cols);
    std::fill_n(values_.begin(), rows * cols, 0.0f);
    return view();
  }
  kernels::Matrix view() { return {values_.data(), rows_, cols_}; }
  kernels::ConstMatrix view() const { return {values_.data(), rows_, cols_}; }
  std::span<float> flat() { return {values_.data(), rows_ * cols_}; }
  std::span<const float> flat() const { return {values_.data(), rows_ * cols_}; }

 private:
  std::vector<float> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace segue::index
