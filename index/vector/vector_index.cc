#include "index/vector/vector_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <utility>

#include "index/safetensors.h"
#include "index/top_items.h"
#include "index/vector/row_scorer.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::string_view kFlat = "Flat";
constexpr std::string_view kItems = "items";
constexpr std::string_view kVectors = "vectors";
constexpr std::uint32_t kNoRow = 0xffffffffu;
constexpr std::size_t kMaxItems = std::numeric_limits<std::int32_t>::max();  // item lists are I32 on the disk

Metric parse_metric(const std::string& name, const std::filesystem::path& file) {
  for (const Metric metric : {Metric::kInnerProduct, Metric::kCosine, Metric::kL2}) {
    if (to_string(metric) == name) return metric;
  }
  throw Error(ErrorKind::kDamagedStore, "unknown metric \"" + name + "\"", file.string());
}

/// Brings a vector to unit length; zeros stay zeros. In double, where no square of a float overflows.
void normalize(std::span<float> vector) {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  if (squares == 0) return;
  const double inverse = 1 / std::sqrt(squares);
  for (float& x : vector) x = static_cast<float>(x * inverse);
}

bool is_finite(std::span<const float> vector) {
  return std::all_of(vector.begin(), vector.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

std::string_view to_string(Metric metric) {
  switch (metric) {
    case Metric::kInnerProduct:
      return "ip";
    case Metric::kCosine:
      return "cosine";
    case Metric::kL2:
      break;
  }
  return "l2";
}

struct VectorIndex::Impl {
  Metric metric;
  StoredMatrix vectors;
  std::vector<ItemId> items;            // by row, rising
  std::vector<std::uint32_t> row_of{};  // by item up to the last one

  std::uint32_t find(ItemId item) const { return item < row_of.size() ? row_of[item] : kNoRow; }

  void index_items() {
    row_of.assign(items.empty() ? 0 : items.back() + std::size_t{1}, kNoRow);
    for (std::uint32_t r = 0; r < items.size(); ++r) row_of[items[r]] = r;
  }

  /// The query as it is compared. Throws std::invalid_argument for a wrong length or a value that is not
  /// finite.
  std::vector<float> prepare(std::span<const float> query) const {
    if (query.size() != vectors.cols()) {
      throw std::invalid_argument("vector search: the query has " + std::to_string(query.size()) +
                                  " dimensions, the index " + std::to_string(vectors.cols()));
    }
    if (!is_finite(query))
      throw std::invalid_argument("vector search: the query holds a value that is not finite");
    std::vector<float> prepared(query.begin(), query.end());
    if (metric == Metric::kCosine) normalize(prepared);
    return prepared;
  }
};

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;

std::unique_ptr<VectorIndex> VectorIndex::build(kernels::ConstMatrix vectors, std::span<const ItemId> items,
                                                Metric metric, std::string_view factory, Storage storage) {
  if (factory != "auto" && factory != kFlat) {
    throw Error(ErrorKind::kBadInput, "unknown kind of vector index \"" + std::string(factory) + "\"", {},
                "this version takes \"auto\" and \"Flat\"");
  }
  if (vectors.rows != items.size()) throw std::invalid_argument("vector index: one item per row is needed");
  if (std::adjacent_find(items.begin(), items.end(), std::greater_equal<>()) != items.end()) {
    throw std::invalid_argument("vector index: items must rise");
  }
  if (vectors.rows > 0 && vectors.cols == 0)
    throw std::invalid_argument("vector index: vectors of no dimension");
  if (!items.empty() && items.back() > kMaxItems) throw std::invalid_argument("vector index: too many items");

  for (std::size_t r = 0; r < vectors.rows; ++r) {
    if (is_finite(vectors.row_span(r))) continue;
    throw Error(ErrorKind::kBadInput,
                "the vector in row " + std::to_string(r) + " holds a value that is not finite");
  }
  auto impl = std::make_unique<Impl>(Impl{metric, {}, {items.begin(), items.end()}});
  if (metric == Metric::kCosine) {
    std::vector<float> unit(vectors.rows * vectors.cols);
    const kernels::Matrix rows(unit.data(), vectors.rows, vectors.cols);
    for (std::size_t r = 0; r < vectors.rows; ++r) {
      std::copy_n(vectors.row(r), vectors.cols, rows.row(r));
      normalize(rows.row_span(r));
    }
    impl->vectors = StoredMatrix::of(rows, storage);
  } else {
    impl->vectors = StoredMatrix::of(vectors, storage);
  }
  impl->index_items();
  return std::unique_ptr<VectorIndex>(new VectorIndex(std::move(impl)));
}

std::unique_ptr<VectorIndex> VectorIndex::open(const std::filesystem::path& file) {
  const std::shared_ptr<const Safetensors> tensors = Safetensors::open(file);
  const auto damaged = [&](const std::string& what) {
    throw Error(ErrorKind::kDamagedStore, what, file.string(), "restore the file, or take another snapshot");
  };
  if (tensors->metadata("factory") != kFlat) {
    damaged("a vector index of the kind \"" + tensors->metadata("factory") +
            "\", which this version cannot read");
  }
  const std::span<const std::int32_t> items = tensors->i32(kItems);
  if (std::adjacent_find(items.begin(), items.end(), std::greater_equal<>()) != items.end() ||
      (!items.empty() && items.front() < 0)) {
    damaged("tensor items does not rise");
  }
  auto impl = std::make_unique<Impl>(Impl{parse_metric(tensors->metadata("metric"), file),
                                          StoredMatrix::open(tensors, kVectors),
                                          {items.begin(), items.end()}});
  if (impl->vectors.rows() != items.size()) damaged("tensor vectors has not one row per item");
  if (!items.empty() && impl->vectors.cols() == 0) damaged("tensor vectors has no columns");
  impl->index_items();
  return std::unique_ptr<VectorIndex>(new VectorIndex(std::move(impl)));
}

void VectorIndex::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add(kItems, {impl_->items.size()},
             std::vector<std::int32_t>(impl_->items.begin(), impl_->items.end()));
  impl_->vectors.add_to(writer, kVectors);
  writer.metadata("metric", to_string(impl_->metric));
  writer.metadata("factory", kFlat);
  writer.write(file);
}

std::size_t VectorIndex::size() const {
  return impl_->items.size();
}
std::size_t VectorIndex::dimension() const {
  return impl_->vectors.cols();
}
Metric VectorIndex::metric() const {
  return impl_->metric;
}
Storage VectorIndex::storage() const {
  return impl_->vectors.storage();
}
std::string VectorIndex::factory() const {
  return std::string(kFlat);
}
bool VectorIndex::contains(ItemId item) const {
  return impl_->find(item) != kNoRow;
}

std::vector<float> VectorIndex::vector(ItemId item) const {
  const std::uint32_t r = impl_->find(item);
  if (r == kNoRow) throw std::invalid_argument("vector index: no vector for item " + std::to_string(item));
  std::vector<float> vector(dimension());
  impl_->vectors.copy_row(r, vector);
  return vector;
}

std::vector<ScoredItem> VectorIndex::search(std::span<const float> query, std::size_t k,
                                            const ItemSet* allowed) const {
  const std::vector<float> prepared = impl_->prepare(query);
  TopItems best(std::min(k, size()));
  if (k == 0 || size() == 0) return {};
  RowScorer score_row(impl_->vectors, impl_->metric, prepared);
  const auto offer = [&](ItemId item, std::size_t row) {
    const double score = score_row(row);
    if (score >= best.floor() && std::isfinite(score)) best.offer({item, score});
  };
  if (allowed == nullptr || allowed->count() >= size()) {
    for (std::size_t r = 0; r < size(); ++r) {
      if (allowed == nullptr || allowed->contains(impl_->items[r])) offer(impl_->items[r], r);
    }
    return best.take();
  }
  const std::span<const std::uint64_t> words = allowed->words();
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
      const auto item = static_cast<ItemId>(w * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      if (const std::uint32_t r = impl_->find(item); r != kNoRow) offer(item, r);
    }
  }
  return best.take();
}

void VectorIndex::score(std::span<const float> query, std::span<const ItemId> items,
                        std::span<double> scores) const {
  if (items.size() != scores.size())
    throw std::invalid_argument("vector index: one score per item is needed");
  const std::vector<float> prepared = impl_->prepare(query);
  RowScorer score_row(impl_->vectors, impl_->metric, prepared);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::uint32_t r = impl_->find(items[i]);
    scores[i] = r == kNoRow ? 0 : score_row(r);
  }
}

}  // namespace segue::index
