#include "kernels/symmetric_eigen.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

// OpenBLAS carries LAPACK, and no header that declares it: Fortran's names, with the lengths of texts at the
// end.
extern "C" void dsyevd_(const char* job, const char* triangle, const blasint* n, double* a,
                        const blasint* stride, double* values, double* work, const blasint* work_size,
                        blasint* integer_work, const blasint* integer_work_size, blasint* info,
                        std::size_t job_length, std::size_t triangle_length);

namespace segue::kernels {

std::vector<double> symmetric_eigen(std::span<const double> a, std::size_t n, std::vector<double>& vectors) {
  // 1 + 6n + 2n^2 doubles are what dsyevd asks for; their number has to fit into its integer.
  constexpr auto kLargest = std::size_t{30'000};
  static_assert(1 + 6 * kLargest + 2 * kLargest * kLargest < std::numeric_limits<blasint>::max());
  if (a.size() != n * n || n > kLargest)
    throw std::invalid_argument("symmetric_eigen: not a matrix of this size");
  if (!std::all_of(a.begin(), a.end(), [](double x) { return std::isfinite(x); }))
    throw std::invalid_argument("symmetric_eigen: the matrix has numbers that are not finite");
  vectors.assign(n * n, 0);
  if (n == 0) return {};
  std::vector<double> columns(a.begin(), a.end());  // symmetric: its rows are its columns
  std::vector<double> values(n);
  std::vector<double> work(1 + 6 * n + 2 * n * n);
  std::vector<blasint> integer_work(3 + 5 * n);
  const auto size = static_cast<blasint>(n);
  const auto work_size = static_cast<blasint>(work.size());
  const auto integer_work_size = static_cast<blasint>(integer_work.size());
  blasint info = 0;
  dsyevd_("V", "L", &size, columns.data(), &size, values.data(), work.data(), &work_size, integer_work.data(),
          &integer_work_size, &info, 1, 1);
  if (info != 0) throw std::runtime_error("symmetric_eigen: LAPACK's dsyevd found no eigenvectors");
  // Rising, a vector a column in Fortran's order, which is a row here.
  std::reverse(values.begin(), values.end());
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < n; ++i) vectors[i * n + j] = columns[(n - 1 - j) * n + i];
  }
  return values;
}

}  // namespace segue::kernels
