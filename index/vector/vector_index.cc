#include "index/vector/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/utils/distances.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "index/safetensors.h"
#include "index/snapshot/durable_file.h"
#include "index/top_items.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::string_view kFlat = "Flat";
constexpr std::uint32_t kNoRow = 0xffffffffu;
constexpr std::size_t kMaxItems = std::numeric_limits<std::int32_t>::max();  // item lists are I32 on the disk

/// Below this share of allowed rows they are scanned one by one, above it Faiss asks for each row whether it
/// is allowed.
constexpr double kScanShare = 0.5;

std::filesystem::path items_file(std::filesystem::path file) {
  return file += ".items.safetensors";
}

faiss::MetricType faiss_metric(Metric metric) {
  return metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
}

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

/// Writes Faiss's bytes through DurableFile, which fsyncs them and knows how to say that the disk is full.
struct DurableWriter : faiss::IOWriter {
  explicit DurableWriter(const std::filesystem::path& path) : file(path) { name = path.string(); }
  size_t operator()(const void* data, size_t size, size_t count) override {
    file.write(std::span(static_cast<const std::byte*>(data), size * count));
    bytes += size * count;
    return count;
  }
  DurableFile file;
  std::size_t bytes = 0;
};

struct AllowedRows : faiss::IDSelector {
  AllowedRows(const ItemSet* set, std::span<const ItemId> rows) : allowed(set), items(rows) {}
  bool is_member(idx_t row) const final { return allowed->contains(items[static_cast<std::size_t>(row)]); }
  const ItemSet* allowed;
  std::span<const ItemId> items;
};

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
  std::unique_ptr<faiss::IndexFlat> faiss;
  std::vector<ItemId> items;            // by row, rising
  std::vector<std::uint32_t> row_of{};  // by item up to the last one

  std::size_t dimension() const { return static_cast<std::size_t>(faiss->d); }
  const float* row(std::size_t r) const { return faiss->get_xb() + r * dimension(); }
  std::uint32_t find(ItemId item) const { return item < row_of.size() ? row_of[item] : kNoRow; }

  void index_items() {
    row_of.assign(items.empty() ? 0 : items.back() + std::size_t{1}, kNoRow);
    for (std::uint32_t r = 0; r < items.size(); ++r) row_of[items[r]] = r;
  }

  /// The query as it is compared. Throws std::invalid_argument for a wrong length or a value that is not
  /// finite.
  std::vector<float> prepare(std::span<const float> query) const {
    if (query.size() != dimension()) {
      throw std::invalid_argument("vector search: the query has " + std::to_string(query.size()) +
                                  " dimensions, the index " + std::to_string(dimension()));
    }
    if (!is_finite(query))
      throw std::invalid_argument("vector search: the query holds a value that is not finite");
    std::vector<float> prepared(query.begin(), query.end());
    if (metric == Metric::kCosine) normalize(prepared);
    return prepared;
  }

  /// The function that Faiss's own scan calls for a row: all paths give the same bits.
  double score_row(const std::vector<float>& query, std::size_t r) const {
    if (metric == Metric::kL2) return 0.0 - faiss::fvec_L2sqr(query.data(), row(r), query.size());
    return faiss::fvec_inner_product(query.data(), row(r), query.size());
  }

  std::vector<ScoredItem> scan(const std::vector<float>& query, std::size_t k, const ItemSet& allowed) const;
  std::vector<ScoredItem> ask_faiss(const std::vector<float>& query, std::size_t k,
                                    const ItemSet* allowed) const;
};

std::vector<ScoredItem> VectorIndex::Impl::scan(const std::vector<float>& query, std::size_t k,
                                                const ItemSet& allowed) const {
  TopItems best(k);
  const std::span<const std::uint64_t> words = allowed.words();
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
      const auto item = static_cast<ItemId>(w * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      const std::uint32_t r = find(item);
      if (r == kNoRow) continue;
      const double score = score_row(query, r);
      if (std::isfinite(score)) best.offer({item, score});
    }
  }
  return best.take();
}

std::vector<ScoredItem> VectorIndex::Impl::ask_faiss(const std::vector<float>& query, std::size_t k,
                                                     const ItemSet* allowed) const {
  AllowedRows selector(allowed, items);
  faiss::SearchParameters parameters;
  parameters.sel = &selector;
  std::vector<float> distances;
  std::vector<std::int64_t> rows;
  // Faiss keeps any of the rows that tie at its last place. More are fetched until the tie at place k has
  // ended.
  for (std::size_t fetch = std::min(items.size(), k + 8);; fetch = std::min(items.size(), 2 * fetch)) {
    distances.resize(fetch);
    rows.resize(fetch);
    try {
      faiss->search(1, query.data(), static_cast<std::int64_t>(fetch), distances.data(), rows.data(),
                    allowed != nullptr ? &parameters : nullptr);
    } catch (const faiss::FaissException& error) {
      throw Error(ErrorKind::kResource, std::string("Faiss failed: ") + error.what());
    }
    const auto found = static_cast<std::size_t>(std::find(rows.begin(), rows.end(), -1) - rows.begin());
    if (found == fetch && fetch < items.size() && distances[fetch - 1] == distances[k - 1]) continue;
    TopItems best(k);
    for (std::size_t i = 0; i < found; ++i) {
      const double score = metric == Metric::kL2 ? 0.0 - distances[i] : static_cast<double>(distances[i]);
      if (std::isfinite(score)) best.offer({items[static_cast<std::size_t>(rows[i])], score});
    }
    return best.take();
  }
}

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;

std::unique_ptr<VectorIndex> VectorIndex::build(kernels::ConstMatrix vectors, std::span<const ItemId> items,
                                                Metric metric, std::string_view factory) {
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

  auto impl = std::make_unique<Impl>(Impl{metric, nullptr, {items.begin(), items.end()}});
  impl->faiss =
      std::make_unique<faiss::IndexFlat>(static_cast<std::int64_t>(vectors.cols), faiss_metric(metric));
  impl->faiss->codes.reserve(vectors.rows * vectors.cols * sizeof(float));
  std::vector<float> row(vectors.cols);
  for (std::size_t r = 0; r < vectors.rows; ++r) {
    std::copy_n(vectors.row(r), vectors.cols, row.begin());
    if (!is_finite(row)) {
      throw Error(ErrorKind::kBadInput,
                  "the vector in row " + std::to_string(r) + " holds a value that is not finite");
    }
    if (metric == Metric::kCosine) normalize(row);
    impl->faiss->add(1, row.data());
  }
  impl->index_items();
  return std::unique_ptr<VectorIndex>(new VectorIndex(std::move(impl)));
}

std::unique_ptr<VectorIndex> VectorIndex::open(const std::filesystem::path& file) {
  const auto damaged = [&](const std::string& what) {
    throw Error(ErrorKind::kDamagedStore, what, file.string(), "restore the file, or take another snapshot");
  };
  const std::shared_ptr<const Safetensors> list = Safetensors::open(items_file(file));
  // Faiss leaks what it had allocated when a file ends early.
  std::error_code unreadable;
  const std::uintmax_t bytes = std::filesystem::file_size(file, unreadable);
  if (unreadable || std::to_string(bytes) != list->metadata("bytes")) {
    damaged("has not as many bytes as " + list->file().filename().string() + " says");
  }
  std::unique_ptr<faiss::Index> any;
  try {
    any.reset(faiss::read_index(file.c_str()));
  } catch (const std::exception& error) {
    damaged(std::string("Faiss cannot read it: ") + error.what());
  }
  auto* flat = dynamic_cast<faiss::IndexFlat*>(any.get());
  if (flat == nullptr) damaged("not a flat Faiss index");
  any.release();
  auto impl = std::make_unique<Impl>(Impl{
      parse_metric(list->metadata("metric"), list->file()), std::unique_ptr<faiss::IndexFlat>(flat), {}});
  const std::span<const std::int32_t> items = list->i32("items");
  if (std::adjacent_find(items.begin(), items.end(), std::greater_equal<>()) != items.end() ||
      (!items.empty() && items.front() < 0)) {
    damaged("the items in " + list->file().filename().string() + " do not rise");
  }
  impl->items.assign(items.begin(), items.end());
  const auto rows = static_cast<std::size_t>(flat->ntotal);
  if (rows != items.size())
    damaged("holds another number of vectors than " + list->file().filename().string());
  if (flat->metric_type != faiss_metric(impl->metric)) damaged("has another metric than its list of items");
  if (flat->d < 0 || flat->codes.size() != rows * impl->dimension() * sizeof(float))
    damaged("has the wrong size");
  impl->index_items();
  return std::unique_ptr<VectorIndex>(new VectorIndex(std::move(impl)));
}

void VectorIndex::save(const std::filesystem::path& file) const {
  DurableWriter writer(file);
  try {
    faiss::write_index(impl_->faiss.get(), &writer);
  } catch (const faiss::FaissException& error) {
    throw Error(ErrorKind::kResource, std::string("Faiss cannot write: ") + error.what(), file.string());
  }
  writer.file.finish();
  SafetensorsWriter list;
  list.add("items", {impl_->items.size()},
           std::vector<std::int32_t>(impl_->items.begin(), impl_->items.end()));
  list.metadata("metric", to_string(impl_->metric));
  list.metadata("factory", kFlat);
  list.metadata("bytes", std::to_string(writer.bytes));
  list.write(items_file(file));
}

std::size_t VectorIndex::size() const {
  return impl_->items.size();
}
std::size_t VectorIndex::dimension() const {
  return impl_->dimension();
}
Metric VectorIndex::metric() const {
  return impl_->metric;
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
  return {impl_->row(r), impl_->row(r) + impl_->dimension()};
}

std::vector<ScoredItem> VectorIndex::search(std::span<const float> query, std::size_t k,
                                            const ItemSet* allowed) const {
  const std::vector<float> prepared = impl_->prepare(query);
  k = std::min(k, size());
  if (k == 0) return {};
  if (allowed == nullptr) return impl_->ask_faiss(prepared, k, nullptr);
  const bool few = static_cast<double>(allowed->count()) < kScanShare * static_cast<double>(size());
  return few ? impl_->scan(prepared, k, *allowed) : impl_->ask_faiss(prepared, k, allowed);
}

void VectorIndex::score(std::span<const float> query, std::span<const ItemId> items,
                        std::span<double> scores) const {
  if (items.size() != scores.size())
    throw std::invalid_argument("vector index: one score per item is needed");
  const std::vector<float> prepared = impl_->prepare(query);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::uint32_t r = impl_->find(items[i]);
    scores[i] = r == kNoRow ? 0 : impl_->score_row(prepared, r);
  }
}

}  // namespace segue::index
