#include "index/model/projected_newton.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace segue::index {
namespace {

constexpr double kEnoughDescent = 1e-4;  // of what the slope promises (Armijo)
constexpr std::size_t kMaxHalvings = 40;

/// Solves A x = b in place of b by Cholesky; A [n, n] is overwritten. False when A is not positive definite.
bool solve(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i == j) {
        if (!(sum > 0)) return false;
        a[j * n + j] = std::sqrt(sum);
      } else {
        a[i * n + j] = sum / a[j * n + j];
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return true;
}

/// The numbers that may move: not those at 0 that the gradient holds there.
std::vector<std::size_t> free_numbers(std::span<const double> at, std::span<const double> gradient) {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] > 0 || gradient[i] < 0) free.push_back(i);
  }
  return free;
}

std::vector<double> newton_direction(std::span<const std::size_t> free, std::span<const double> gradient,
                                     std::span<const double> hessian) {
  const std::size_t n = gradient.size();
  std::vector<double> matrix;
  std::vector<double> direction;
  for (const std::size_t i : free) {
    for (const std::size_t j : free) matrix.push_back(hessian[i * n + j]);
    direction.push_back(-gradient[i]);
  }
  if (!solve(matrix, direction)) throw std::invalid_argument("the Hessian is not positive definite");
  return direction;
}

}  // namespace

std::vector<double> minimise_not_below_zero(const ConvexFunction& function, std::vector<double> start,
                                            const ProjectedNewtonOptions& options) {
  const std::size_t n = start.size();
  std::vector<double> at = std::move(start);
  std::vector<double> gradient(n);
  std::vector<double> hessian(n * n);
  std::vector<double> next(n);
  for (std::size_t step = 0; step < options.max_steps; ++step) {
    const double value = function(at, gradient, hessian);
    const std::vector<std::size_t> free = free_numbers(at, gradient);
    double largest = 0;
    for (const std::size_t i : free) largest = std::max(largest, std::abs(gradient[i]));
    if (largest <= options.tolerance) break;
    const std::vector<double> direction = newton_direction(free, gradient, hessian);

    bool moved = false;
    double length = 1;
    for (std::size_t halving = 0; halving < kMaxHalvings && !moved; ++halving, length /= 2) {
      next = at;
      double promised = 0;
      for (std::size_t f = 0; f < free.size(); ++f) {
        next[free[f]] = std::max(0.0, at[free[f]] + length * direction[f]);
        promised += gradient[free[f]] * (next[free[f]] - at[free[f]]);
      }
      moved = promised < 0 && function(next, {}, {}) <= value + kEnoughDescent * promised;
    }
    if (!moved) break;
    at.swap(next);
  }
  return at;
}

}  // namespace segue::index
