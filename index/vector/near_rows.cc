#include "index/vector/near_rows.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "index/vector/vector_index.h"

namespace segue::index {
namespace {

/// Rows that k-means sees for each centre; more of them move it no further.
constexpr int kTrainingRowsPerCentre = 64;

struct InvertedFile {
  faiss::IndexFlatIP centres;
  faiss::IndexIVFFlat lists;

  explicit InvertedFile(kernels::ConstMatrix rows)
      : centres(static_cast<faiss::Index::idx_t>(rows.cols)),
        lists(&centres, rows.cols, 4 * static_cast<std::size_t>(std::sqrt(static_cast<double>(rows.rows))),
              faiss::METRIC_INNER_PRODUCT) {
    lists.cp.spherical = true;
    lists.cp.min_points_per_centroid = 1;  // it would warn on the standard error
    lists.cp.max_points_per_centroid = kTrainingRowsPerCentre;
    lists.nprobe = NearRows::kProbes;
    const auto n = static_cast<faiss::Index::idx_t>(rows.rows);
    lists.train(n, rows.row(0));
    lists.add(n, rows.row(0));
  }
};

}  // namespace

struct NearRows::Impl {
  std::unique_ptr<VectorIndex> exact;
  std::optional<InvertedFile> grouped;
};

NearRows::NearRows(kernels::ConstMatrix rows) : impl_(std::make_unique<Impl>()) {
  if (rows.rows > kExactRows) {
    impl_->grouped.emplace(rows);
    return;
  }
  std::vector<ItemId> numbers(rows.rows);
  std::iota(numbers.begin(), numbers.end(), ItemId{0});
  impl_->exact = VectorIndex::build(rows, numbers, Metric::kInnerProduct);
}

NearRows::~NearRows() = default;

std::vector<std::vector<ScoredItem>> NearRows::search(kernels::ConstMatrix queries, std::size_t k) const {
  std::vector<std::vector<ScoredItem>> found(queries.rows);
  if (impl_->exact) {
    for (std::size_t q = 0; q < queries.rows; ++q) found[q] = impl_->exact->search(queries.row_span(q), k);
    return found;
  }
  const faiss::IndexIVFFlat& lists = impl_->grouped->lists;
  if (queries.cols != static_cast<std::size_t>(lists.d))
    throw std::invalid_argument("near rows: the queries have another width than the rows");
  if (k == 0 || queries.rows == 0) return found;
  std::vector<float> scores(queries.rows * k);
  std::vector<faiss::Index::idx_t> numbers(queries.rows * k);
  lists.search(static_cast<faiss::Index::idx_t>(queries.rows), queries.row(0),
               static_cast<faiss::Index::idx_t>(k), scores.data(), numbers.data());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= 0)
      found[i / k].push_back({static_cast<ItemId>(numbers[i]), static_cast<double>(scores[i])});
  }
  return found;
}

}  // namespace segue::index
