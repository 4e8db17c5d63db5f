#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "index/model/blend_contests.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Weights of models by class of session and of item. A value.
struct BlendTable {
  std::size_t models = 0;
  std::size_t lengths = 1;
  std::size_t counts = 1;
  std::vector<double> values;  ///< [lengths, models, counts]

  BlendTable() = default;
  /// The same weights for all classes of the contests.
  BlendTable(const BlendContests& shape, std::span<const double> weights);
  double& at(std::size_t length, std::size_t model, std::size_t count) {
    return values[(length * models + model) * counts + count];
  }
  double at(std::size_t length, std::size_t model, std::size_t count) const {
    return values[(length * models + model) * counts + count];
  }
};

/// NDCG@10 of each sampled sequence under the weights: 1 / log2(rank + 1) for a target among the first ten,
/// ties at their mean rank; 0 for a sequence without a contest. The same for any number of threads.
std::vector<double> ndcg_gains(const BlendContests& contests, const BlendTable& weights,
                               kernels::ThreadPool& pool);

/// The same for several shares of one part, [shares, sequences]: the part has the weight `share`, the others
/// (1 - share) times theirs, [models], where that of the part does not count. Reads the contests once.
std::vector<std::vector<double>> ndcg_gains_by_share(const BlendContests& contests,
                                                     std::span<const double> others, std::size_t part,
                                                     std::span<const double> shares,
                                                     kernels::ThreadPool& pool);

double mean(std::span<const double> gains);
/// Standard error of the mean of a - b, sequence by sequence; 0 for fewer than two.
double error_of_difference(std::span<const double> a, std::span<const double> b);

/// Which sampled sequences to learn from: those whose number modulo folds is not `without`.
struct BlendFold {
  std::size_t folds = 1;
  std::size_t without = 1;  ///< folds: all are learned from
  bool learns(std::size_t sequence) const { return sequence % folds != without; }
};

/// The likelihood of the targets as a function of the weights: the convex problem that a blend is fitted by.
/// With s_i = sum over m of w_m(l, c_i) z_m(i), w_m(l, c) = a_m,l + b_m,c and all a and b not below 0 (every
/// additive weight that is not below 0 has this form):
///   minimise  mean over contests of -log(exp s_target / sum over candidates i of exp s_i)
///             + shrinkage / 2 sum over m of v_m (sum over l of (a_m,l - mean a_m)^2 + the same of b_m)
///             + a ridge of 1e-4 of the same kind on all a and b, which makes the minimum unique
/// v_m: variance of z_m among the candidates, so that models with peaked scores are shrunk as much as others.
/// The first term is convex as the log-sum-exp of linear functions, the others are squares.
class BlendLikelihood {
 public:
  struct Shape {
    bool by_length = false;  ///< a differs by class of session, else it is one number per model
    bool by_count = false;   ///< there is a b
  };
  /// Only the models of which `used` is not 0 get weight. contests and pool outlive this.
  BlendLikelihood(const BlendContests& contests, const BlendFold& fold, std::vector<char> used, Shape shape,
                  double shrinkage, kernels::ThreadPool& pool);

  std::size_t parameters() const { return used_.size() * (lengths_ + counts_); }
  /// Value, gradient and Hessian at parameters [used models, lengths] a, then [used models, counts] b.
  double evaluate(std::span<const double> at, std::span<double> gradient, std::span<double> hessian) const;
  /// A point to begin from.
  std::vector<double> start() const;
  BlendTable table(std::span<const double> at) const;
  /// The best weights.
  BlendTable fit() const;

 private:
  struct Sums;
  void add_contest(const BlendContest& contest, const BlendTable& weights, Sums& sums) const;
  void spread(const Sums& sums, std::span<double> gradient, std::span<double> hessian) const;
  double penalise(std::span<const double> at, std::span<double> gradient, std::span<double> hessian) const;

  const BlendContests* all_;
  std::vector<const BlendContest*> contests_;
  std::vector<std::size_t> used_;  // numbers of models
  std::size_t lengths_ = 1;        // classes of a
  std::size_t counts_ = 0;         // classes of b
  double shrinkage_;
  std::vector<double> variance_;  // of z, by used model
  kernels::ThreadPool* pool_;
};

}  // namespace segue::index
