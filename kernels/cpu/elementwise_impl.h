#include "kernels/cpu/lanes_impl.h"
#include "kernels/tensor_view.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

/// y += alpha x.
void add_scaled(float alpha, const float* x, float* y, std::size_t count) {
  const Floats d;
  const Vector factor = hn::Set(d, alpha);
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    lanes.store(d, hn::MulAdd(factor, lanes.load(d, x + i), lanes.load(d, y + i)), y + i);
  });
}

void add_to_rows(Matrix x, const float* bias) {
  const Floats d;
  for (std::size_t r = 0; r < x.rows; ++r) {
    float* row = x.row(r);
    each_vector(x.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
      lanes.store(d, hn::Add(lanes.load(d, row + c), lanes.load(d, bias + c)), row + c);
    });
  }
}

/// Adds the columns' sums to sums. Column blocks are outermost, so that the running sums stay in registers.
void add_columns(ConstMatrix x, float* sums) {
  const Floats d;
  each_vector(x.cols, [&](std::size_t c, auto lanes) HWY_ATTR {
    Vector sum = lanes.load(d, sums + c);
    for (std::size_t r = 0; r < x.rows; ++r) sum = hn::Add(sum, lanes.load(d, x.row(r) + c));
    lanes.store(d, sum, sums + c);
  });
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
