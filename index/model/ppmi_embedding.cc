#include "index/model/ppmi_embedding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::size_t kBlockRows = 512;
constexpr std::size_t kSlabBlocks = 16;  // between two questions whether to go on

/// Where each row of the table occurs: positions of all sequences laid end to end.
struct Occurrences {
  std::vector<std::uint32_t> rows;         // [positions]
  std::vector<std::uint32_t> sequence_of;  // [positions]
  std::vector<std::size_t> begin_of;       // [sequences + 1]
  std::vector<std::size_t> offsets;        // [v + 1] into places
  std::vector<std::size_t> places;

  explicit Occurrences(const TrainingWindows& windows) : offsets(windows.vocabulary().size() + 1), places() {
    begin_of.push_back(0);
    for (std::size_t s = 0; s < windows.sequences(); ++s) {
      const auto sequence = windows.sequence(s);
      rows.insert(rows.end(), sequence.begin(), sequence.end());
      sequence_of.insert(sequence_of.end(), sequence.size(), static_cast<std::uint32_t>(s));
      begin_of.push_back(rows.size());
    }
    for (const std::uint32_t row : rows) ++offsets[row + 1];
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    places.resize(rows.size());
    std::vector<std::size_t> cursor(offsets.begin(), offsets.end() - 1);
    for (std::size_t p = 0; p < rows.size(); ++p) places[cursor[rows[p]]++] = p;
  }
};

/// Weighted counts of the pairs of one block of rows; a dense row is filled, read and emptied again.
struct CountedRows {
  std::vector<std::size_t> lengths;
  std::vector<std::uint32_t> columns;
  std::vector<float> counts;
};

CountedRows count_rows(const Occurrences& all, std::span<const double> weight_of_distance, std::size_t begin,
                       std::size_t end) {
  CountedRows block;
  std::vector<double> dense(all.offsets.size() - 1);
  std::vector<std::uint32_t> touched;
  const std::size_t reach = weight_of_distance.size() - 1;
  for (std::size_t r = begin; r < end; ++r) {
    touched.clear();
    const auto add = [&](std::size_t place, std::size_t distance) {
      const std::uint32_t other = all.rows[place];
      if (other == r) return;
      if (dense[other] == 0) touched.push_back(other);
      dense[other] += weight_of_distance[distance];
    };
    for (std::size_t o = all.offsets[r]; o < all.offsets[r + 1]; ++o) {
      const std::size_t place = all.places[o];
      const std::size_t first = all.begin_of[all.sequence_of[place]];
      const std::size_t last = all.begin_of[all.sequence_of[place] + 1];
      for (std::size_t distance = 1; distance <= reach && place >= first + distance; ++distance) {
        add(place - distance, distance);
      }
      for (std::size_t distance = 1; distance <= reach && place + distance < last; ++distance) {
        add(place + distance, distance);
      }
    }
    std::sort(touched.begin(), touched.end());
    for (const std::uint32_t column : touched) {
      block.columns.push_back(column);
      block.counts.push_back(static_cast<float>(dense[column]));
      dense[column] = 0;
    }
    block.lengths.push_back(touched.size());
  }
  return block;
}

}  // namespace

SparseSymmetric ppmi_matrix(const TrainingWindows& windows, const PpmiOptions& options,
                            kernels::ThreadPool& pool, const Progress& progress) {
  const std::size_t v = windows.vocabulary().size();
  std::vector<double> weight_of_distance(options.distance + 1);
  for (std::size_t i = 1; i <= options.distance; ++i) {
    weight_of_distance[i] = std::pow(static_cast<double>(i), -options.distance_power);
  }
  const Occurrences all(windows);
  std::vector<CountedRows> blocks((v + kBlockRows - 1) / kBlockRows);
  for (std::size_t slab = 0; slab < blocks.size(); slab += kSlabBlocks) {
    progress.check();
    pool.run(std::min(kSlabBlocks, blocks.size() - slab), [&](std::size_t i) {
      const std::size_t begin = (slab + i) * kBlockRows;
      blocks[slab + i] = count_rows(all, weight_of_distance, begin, std::min(v, begin + kBlockRows));
    });
  }

  std::vector<double> sums(v);
  std::size_t row = 0;
  for (const CountedRows& block : blocks) {
    std::size_t entry = 0;
    for (const std::size_t length : block.lengths) {
      for (std::size_t i = 0; i < length; ++i) sums[row] += static_cast<double>(block.counts[entry++]);
      ++row;
    }
  }
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);

  SparseSymmetric matrix;
  row = 0;
  for (CountedRows& block : blocks) {
    std::size_t entry = 0;
    for (const std::size_t length : block.lengths) {
      for (std::size_t i = 0; i < length; ++i, ++entry) {
        const std::uint32_t column = block.columns[entry];
        const double information =
            std::log(static_cast<double>(block.counts[entry]) * total / (sums[row] * sums[column]));
        if (information <= 0) continue;
        matrix.columns.push_back(column);
        matrix.values.push_back(static_cast<float>(information));
      }
      matrix.offsets.push_back(matrix.columns.size());
      ++row;
    }
    block = {};
  }
  return matrix;
}

void ppmi_embedding(const TrainingWindows& windows, const PpmiOptions& options,
                    const kernels::Backend& backend, kernels::ThreadPool& pool, const Progress& progress,
                    kernels::Matrix table) {
  const std::size_t d = table.cols;
  RandomStream random(mix_seed(options.seed, 1));
  const SparseSymmetric matrix = ppmi_matrix(windows, options, pool, progress);
  const Eigenpairs pairs =
      largest_eigenpairs(matrix, {.count = d, .seed = mix_seed(options.seed, 2)}, backend, pool, progress);
  const std::size_t found = pairs.values.size();
  const kernels::ConstMatrix vectors = pairs.vectors.view();
  const double length = static_cast<double>(options.deviation) * std::sqrt(static_cast<double>(d));
  for (std::size_t r = 0; r < table.rows; ++r) {
    const auto row = table.row_span(r);
    double square = 0;
    for (std::size_t c = 0; c < found; ++c) {
      row[c] = vectors(r, c) * static_cast<float>(std::sqrt(pairs.values[c]));
      square += static_cast<double>(row[c]) * static_cast<double>(row[c]);
    }
    if (!(square > 1e-12)) {
      for (float& x : row) x = options.deviation * random.normal();
      continue;
    }
    const auto scale = static_cast<float>(length / std::sqrt(square));
    for (std::size_t c = 0; c < found; ++c) row[c] *= scale;
    // A little noise where there is no eigenvector lets the training use all of the width.
    for (std::size_t c = found; c < d; ++c) row[c] = 0.1f * options.deviation * random.normal();
  }
}

}  // namespace segue::index
