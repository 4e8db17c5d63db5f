#include "index/reindex/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::size_t kResamplesPerBlock = 16;

/// What each sequence adds to the sums; sequences without a target are left out.
struct Sequences {
  std::size_t figures = 0;
  std::vector<double> counts;  // targets of each
  std::vector<double> sums;    // [sequences, figures]
};

Sequences add_up(std::span<const std::vector<double>> values, std::span<const std::uint32_t> sequence_of) {
  const std::size_t targets = values.front().size();
  Sequences sequences;
  sequences.figures = values.size();
  std::vector<std::size_t> place(targets, targets);  // of a sequence's number among those that have a target
  for (std::size_t t = 0; t < targets; ++t) {
    const std::size_t sequence = sequence_of.empty() ? t : sequence_of[t];
    if (sequence >= targets)
      throw std::invalid_argument("a sequence's number is not below the targets' count");
    if (place[sequence] == targets) {
      place[sequence] = sequences.counts.size();
      sequences.counts.push_back(0);
      sequences.sums.resize(sequences.sums.size() + values.size(), 0);
    }
    sequences.counts[place[sequence]] += 1;
    for (std::size_t f = 0; f < values.size(); ++f) {
      sequences.sums[place[sequence] * values.size() + f] += values[f][t];
    }
  }
  return sequences;
}

/// The value below which a share of the sorted ones lie, between two of them where it falls there.
double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<Interval> bootstrap_means(std::span<const std::vector<double>> values,
                                      std::span<const std::uint32_t> sequence_of,
                                      const BootstrapOptions& options, kernels::ThreadPool& pool) {
  if (values.empty()) return {};
  const std::size_t targets = values.front().size();
  const bool alike = std::all_of(values.begin(), values.end(),
                                 [&](const std::vector<double>& row) { return row.size() == targets; });
  if (!alike || (!sequence_of.empty() && sequence_of.size() != targets) || options.resamples == 0) {
    throw std::invalid_argument("a bootstrap needs resamples and lists of one length");
  }
  if (targets == 0) return std::vector<Interval>(values.size());

  const Sequences sequences = add_up(values, sequence_of);
  const std::size_t figures = sequences.figures;
  const std::size_t n = sequences.counts.size();
  std::vector<double> means(figures * options.resamples);  // [figures, resamples]
  pool.run((options.resamples + kResamplesPerBlock - 1) / kResamplesPerBlock, [&](std::size_t block) {
    const std::size_t end = std::min(options.resamples, (block + 1) * kResamplesPerBlock);
    std::vector<double> sums(figures);
    for (std::size_t r = block * kResamplesPerBlock; r < end; ++r) {
      // One stream per resample, so that threads do not matter.
      RandomStream random(mix_seed(options.seed, r));
      std::fill(sums.begin(), sums.end(), 0.0);
      double count = 0;
      for (std::size_t draw = 0; draw < n; ++draw) {
        const std::size_t s = random.below(n);
        count += sequences.counts[s];
        for (std::size_t f = 0; f < figures; ++f) sums[f] += sequences.sums[s * figures + f];
      }
      for (std::size_t f = 0; f < figures; ++f) means[f * options.resamples + r] = sums[f] / count;
    }
  });

  std::vector<Interval> intervals;
  for (std::size_t f = 0; f < figures; ++f) {
    const std::span<double> row(means.data() + f * options.resamples, options.resamples);
    std::sort(row.begin(), row.end());
    intervals.push_back({quantile(row, (1 - options.level) / 2), quantile(row, (1 + options.level) / 2)});
  }
  return intervals;
}

}  // namespace segue::index
