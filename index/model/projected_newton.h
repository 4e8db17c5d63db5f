#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace segue::index {

/// A smooth convex function of n numbers. Returns its value; writes the gradient [n] and the Hessian [n, n]
/// unless they are empty.
using ConvexFunction =
    std::function<double(std::span<const double> at, std::span<double> gradient, std::span<double> hessian)>;

struct ProjectedNewtonOptions {
  std::size_t max_steps = 50;
  double tolerance = 1e-7;  ///< of the projected gradient's largest entry
};

/// The minimum of a convex function over numbers that are not below 0, from a start that is not: Newton's
/// method on the numbers that are free to move, by Bertsekas, "Projected Newton methods for optimization
/// problems with simple constraints", SIAM J. Control Optim. 20 (1982). Never above the start's value. The
/// Hessian must be positive definite. Deterministic.
std::vector<double> minimise_not_below_zero(const ConvexFunction& function, std::vector<double> start,
                                            const ProjectedNewtonOptions& options = {});

}  // namespace segue::index
