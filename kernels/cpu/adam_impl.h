#include <algorithm>
#include <span>

#include "hwy/cache_control.h"
#include "kernels/cpu/adam_factors.h"
#include "kernels/cpu/lanes_impl.h"

HWY_BEFORE_NAMESPACE();
namespace segue::kernels::HWY_NAMESPACE {

void adam_elements(const AdamFactors& f, const float* gradient, float* weight, float* first, float* second,
                   std::size_t count) {
  const Floats d;
  const Vector beta1 = hn::Set(d, f.beta1);
  const Vector beta2 = hn::Set(d, f.beta2);
  const Vector rest1 = hn::Set(d, 1.0f - f.beta1);
  const Vector rest2 = hn::Set(d, 1.0f - f.beta2);
  each_vector(count, [&](std::size_t i, auto lanes) HWY_ATTR {
    const Vector g = lanes.load(d, gradient + i);
    const Vector m = hn::MulAdd(beta1, lanes.load(d, first + i), hn::Mul(rest1, g));
    const Vector v = hn::MulAdd(beta2, lanes.load(d, second + i), hn::Mul(rest2, hn::Mul(g, g)));
    const Vector size = hn::Add(hn::Sqrt(hn::Mul(v, hn::Set(d, f.unbias))), hn::Set(d, f.epsilon));
    const Vector change = hn::Div(hn::Mul(hn::Set(d, f.rate), m), size);
    lanes.store(d, m, first + i);
    lanes.store(d, v, second + i);
    lanes.store(d, hn::Sub(hn::Mul(hn::Set(d, f.keep), lanes.load(d, weight + i)), change), weight + i);
  });
}

/// Asks for the lines of a row that will be wanted soon: rows of a large table lie in no cache.
HWY_INLINE void fetch_row(const float* row, std::size_t cols) {
  constexpr std::size_t kLine = 64 / sizeof(float);
  for (std::size_t c = 0; c < cols; c += kLine) hwy::Prefetch(row + c);
}

void adam_named_rows(const AdamFactors& f, std::span<const std::uint32_t> rows, ConstMatrix gradient,
                     Matrix weight, Matrix first, Matrix second) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i + kAhead < rows.size()) {
      const std::uint32_t soon = rows[i + kAhead];
      for (const Matrix& table : {weight, first, second}) fetch_row(table.row(soon), table.cols);
    }
    adam_elements(f, gradient.row(i), weight.row(rows[i]), first.row(rows[i]), second.row(rows[i]),
                  weight.cols);
  }
}

}  // namespace segue::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
