#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/thread_pool.h"

namespace segue::index {

/// Between which two values a figure lies.
struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

struct BootstrapOptions {
  std::size_t resamples = 1000;
  std::uint64_t seed = 1;
  double level = 0.95;  ///< how much of the resamples an interval holds
};

/// Percentile intervals of means (Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter
/// 13): sequences are drawn with replacement, all their targets together, and the mean over targets is taken;
/// the interval leaves out the same share of the resamples at both ends. values: [figures][targets], drawn
/// alike, so that a difference of two figures is a figure, too. sequence_of: a number below the targets'
/// count for each target; empty: every target is a sequence of its own. No targets: intervals of 0. The same
/// for any number of threads. Throws std::invalid_argument for lists of different lengths and for no
/// resamples.
std::vector<Interval> bootstrap_means(std::span<const std::vector<double>> values,
                                      std::span<const std::uint32_t> sequence_of,
                                      const BootstrapOptions& options, kernels::ThreadPool& pool);

}  // namespace segue::index
