#include "index/model/content_space.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "index/model/content_vectors.h"
#include "index/model/metadata.h"
#include "index/model/truncated_svd.h"
#include "index/safetensors.h"

namespace segue::index {
namespace {

constexpr std::size_t kBlockItems = 256;
constexpr std::size_t kSlabBlocks = 16;  // between two questions whether to go on
// A row this short is what the space cannot tell: its direction would be rounding.
constexpr double kShortest = 1e-3;

template <class Body>
void for_blocks(std::size_t items, kernels::ThreadPool& pool, const Progress& progress, const Body& body,
                const std::function<void(std::size_t, std::size_t)>& after_slab = {}) {
  const std::size_t blocks = (items + kBlockItems - 1) / kBlockItems;
  for (std::size_t slab = 0; slab < blocks; slab += kSlabBlocks) {
    progress.check();
    const std::size_t count = std::min(kSlabBlocks, blocks - slab);
    pool.run(count, [&](std::size_t b) {
      const std::size_t begin = (slab + b) * kBlockItems;
      body(begin, std::min(items, begin + kBlockItems));
    });
    if (after_slab) after_slab(slab * kBlockItems, std::min(items, (slab + count) * kBlockItems));
  }
}

/// A row of the matrix that is decomposed.
struct Entries {
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
};

/// tf-idf of the features that are known, at unit length; columns are places in `buckets`.
Entries weighted(std::span<const ContentFeature> features, std::span<const std::int32_t> buckets,
                 std::span<const float> idf) {
  Entries row;
  double squares = 0;
  for (const ContentFeature& feature : features) {
    const auto bucket = static_cast<std::int32_t>(feature.bucket);
    const auto found = std::lower_bound(buckets.begin(), buckets.end(), bucket);
    if (found == buckets.end() || *found != bucket) continue;
    const auto column = static_cast<std::size_t>(found - buckets.begin());
    const double value = (1 + std::log(feature.count)) * static_cast<double>(idf[column]);
    row.columns.push_back(static_cast<std::uint32_t>(column));
    row.values.push_back(static_cast<float>(value));
    squares += value * value;
  }
  for (float& value : row.values) value = static_cast<float>(value / std::sqrt(squares));
  return row;
}

/// Adds what the item's id says to its row.
void append_id(std::string_view id, double weight, std::span<const std::int32_t> buckets,
               std::span<const float> idf, Entries& row) {
  const Entries said = weighted(ContentFeatures::of_id(id), buckets, idf);
  row.columns.insert(row.columns.end(), said.columns.begin(), said.columns.end());
  for (const float value : said.values)
    row.values.push_back(static_cast<float>(weight * static_cast<double>(value)));
}

/// out [width] = the row times the projection, at unit length; false when nothing is left of it.
bool project(const Entries& row, kernels::ConstMatrix projection, std::span<float> out) {
  std::vector<double> sums(out.size());
  for (std::size_t e = 0; e < row.columns.size(); ++e) {
    const auto from = projection.row_span(row.columns[e]);
    for (std::size_t c = 0; c < sums.size(); ++c)
      sums[c] += static_cast<double>(row.values[e]) * static_cast<double>(from[c]);
  }
  double squares = 0;
  for (const double x : sums) squares += x * x;
  const double norm = std::sqrt(squares);
  if (!(norm > kShortest)) return false;
  for (std::size_t c = 0; c < sums.size(); ++c) out[c] = static_cast<float>(sums[c] / norm);
  return true;
}

/// The given vectors, kind by kind, as columns behind those of the features.
class GivenColumns {
 public:
  GivenColumns(const Catalogue& catalogue, double weight, std::size_t first_column) : weight_(weight) {
    if (!(weight > 0)) return;
    for (const std::string& kind : given_kinds(catalogue)) {
      kinds_.emplace_back(ContentVectors::of(catalogue, kind), first_column + columns_);
      columns_ += kinds_.back().first.vectors().cols;
    }
  }
  std::size_t columns() const { return columns_; }

  void append(ItemId item, Entries& row) const {
    for (const auto& [given, first] : kinds_) {
      const auto vocabulary = given.vocabulary();
      const auto id = static_cast<std::int32_t>(item);
      const auto found = std::lower_bound(vocabulary.begin(), vocabulary.end(), id);
      if (found == vocabulary.end() || *found != id) continue;
      const auto vector = given.vectors().row_span(static_cast<std::size_t>(found - vocabulary.begin()));
      double squares = 0;
      for (const float x : vector) squares += static_cast<double>(x) * static_cast<double>(x);
      if (!(squares > 0)) continue;
      const double scale = weight_ / std::sqrt(squares);
      for (std::size_t c = 0; c < vector.size(); ++c) {
        row.columns.push_back(static_cast<std::uint32_t>(first + c));
        row.values.push_back(static_cast<float>(scale * static_cast<double>(vector[c])));
      }
    }
  }

 private:
  double weight_;
  std::size_t columns_ = 0;
  std::vector<std::pair<ContentVectors, std::size_t>> kinds_;
};

}  // namespace

struct ContentSpace::Owned {
  std::vector<std::int32_t> buckets;
  std::vector<float> idf;
  MatrixBuffer right;
  std::vector<std::int32_t> vocabulary;
  std::vector<float> vectors;
};

ContentSpace ContentSpace::train(const Catalogue& catalogue, const ContentOptions& options,
                                 const kernels::Backend& backend, kernels::ThreadPool& pool,
                                 Progress& progress) {
  if (options.width == 0 || options.features == 0 || options.fit_items == 0)
    throw std::invalid_argument("a content space of no width, features or items");
  ContentSpace space;
  const auto owned = std::make_shared<Owned>();
  space.owned_ = owned;
  space.options_ = options;
  space.features_ = ContentFeatures::of(catalogue);
  const std::size_t n = catalogue.size();

  // Which features there are.
  std::vector<std::vector<ContentFeature>> slab(kSlabBlocks * kBlockItems);
  std::unordered_map<std::uint32_t, std::uint32_t> frequency;
  std::size_t speaking = 0;
  for_blocks(
      n, pool, progress,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const auto item = static_cast<ItemId>(i);
          std::vector<ContentFeature>& features = slab[i % slab.size()];
          features = space.features_.of_item(catalogue.item(item));
          if (!(options.ids_weight > 0)) continue;
          const std::vector<ContentFeature> said = ContentFeatures::of_id(catalogue.id(item));
          features.insert(features.end(), said.begin(), said.end());
        }
      },
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          speaking += slab[i % slab.size()].empty() ? 0 : 1;
          for (const ContentFeature& feature : slab[i % slab.size()]) ++frequency[feature.bucket];
        }
        progress.update(static_cast<double>(end), static_cast<double>(2 * n));
      });
  std::vector<std::pair<std::uint32_t, std::uint32_t>> kept(frequency.begin(), frequency.end());
  if (kept.size() > options.features) {
    std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    kept.resize(options.features);
  }
  std::sort(kept.begin(), kept.end());
  for (const auto& [bucket, items] : kept) {
    owned->buckets.push_back(static_cast<std::int32_t>(bucket));
    owned->idf.push_back(
        static_cast<float>(1 + std::log((1.0 + static_cast<double>(speaking)) / (1.0 + items))));
  }
  space.buckets_ = owned->buckets;
  space.idf_ = owned->idf;

  // The space itself.
  const GivenColumns given(catalogue, options.vectors_weight, kept.size());
  const auto row_of = [&](std::size_t item) {
    Entries row = weighted(space.features_.of_item(catalogue.item(static_cast<ItemId>(item))), space.buckets_,
                           space.idf_);
    if (options.ids_weight > 0) {
      append_id(catalogue.id(static_cast<ItemId>(item)), options.ids_weight, space.buckets_, space.idf_, row);
    }
    given.append(static_cast<ItemId>(item), row);
    return row;
  };
  SparseRows rows;
  rows.columns = kept.size() + given.columns();
  const std::size_t fit = std::min(n, options.fit_items);
  std::vector<Entries> slab_rows(slab.size());
  for_blocks(
      fit, pool, progress,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) slab_rows[i % slab_rows.size()] = row_of(i * n / fit);
      },
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const Entries& row = slab_rows[i % slab_rows.size()];
          rows.indices.insert(rows.indices.end(), row.columns.begin(), row.columns.end());
          rows.values.insert(rows.values.end(), row.values.begin(), row.values.end());
          rows.offsets.push_back(rows.indices.size());
        }
      });
  TruncatedSvd svd =
      truncated_svd(rows, {.count = options.width, .seed = options.seed}, backend, pool, progress);
  const std::size_t width = svd.values.size();
  owned->right = std::move(svd.right);
  const kernels::ConstMatrix right = std::as_const(owned->right).view();
  space.projection_ = {right.data, kept.size(), width};

  // Every item's place in it.
  std::vector<float> slab_vectors(slab.size() * width);
  std::vector<std::uint8_t> placed(slab.size());
  for_blocks(
      n, pool, progress,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const std::size_t at = i % placed.size();
          placed[at] = width > 0 && project(row_of(i), right, {slab_vectors.data() + at * width, width});
        }
      },
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          const std::size_t at = i % placed.size();
          if (placed[at] == 0) continue;
          owned->vocabulary.push_back(static_cast<std::int32_t>(i));
          const float* from = slab_vectors.data() + at * width;
          owned->vectors.insert(owned->vectors.end(), from, from + width);
        }
        progress.update(static_cast<double>(n + end), static_cast<double>(2 * n));
      });
  space.vocabulary_ = owned->vocabulary;
  space.vectors_ = {owned->vectors.data(), owned->vocabulary.size(), width};
  return space;
}

std::size_t ContentSpace::row(ItemId item) const {
  const auto found = std::lower_bound(vocabulary_.begin(), vocabulary_.end(), item,
                                      [](std::int32_t a, ItemId b) { return static_cast<ItemId>(a) < b; });
  return found == vocabulary_.end() || static_cast<ItemId>(*found) != item
             ? kNoRow
             : static_cast<std::size_t>(found - vocabulary_.begin());
}

std::vector<float> ContentSpace::of_text(std::string_view text) const {
  std::vector<float> vector(width());
  if (empty() || !project(weighted(features_.of_text(text), buckets_, idf_), projection_, vector)) return {};
  return vector;
}

void ContentSpace::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  const auto flat = [](kernels::ConstMatrix m) { return std::span<const float>(m.data, m.rows * m.cols); };
  writer.add("buckets", {buckets_.size()}, buckets_);
  writer.add("idf", {idf_.size()}, idf_);
  writer.add("projection", {projection_.rows, projection_.cols}, flat(projection_));
  writer.add("vocabulary", {vocabulary_.size()}, vocabulary_);
  writer.add("vectors", {vectors_.rows, vectors_.cols}, flat(vectors_));
  nlohmann::json bounds = nlohmann::json::object();
  for (const auto& [name, inner] : features_.bounds()) bounds[name] = inner;
  writer.metadata("bounds", bounds.dump());
  writer.metadata("width", std::to_string(options_.width));
  writer.metadata("features", std::to_string(options_.features));
  writer.metadata("vectors_weight", number_text(options_.vectors_weight));
  writer.metadata("ids_weight", number_text(options_.ids_weight));
  writer.metadata("fit_items", std::to_string(options_.fit_items));
  writer.metadata("history", std::to_string(options_.history));
  writer.metadata("recency", number_text(options_.recency));
  writer.metadata("seed", std::to_string(options_.seed));
  writer.write(file);
}

ContentSpace ContentSpace::open(const std::filesystem::path& file, std::size_t item_count) {
  const auto tensors = Safetensors::open(file);
  ContentSpace space;
  space.options_ = {
      .width = count_metadata(*tensors, "width"),
      .features = count_metadata(*tensors, "features"),
      .vectors_weight = number_metadata(*tensors, "vectors_weight"),
      .ids_weight = tensors->metadata("ids_weight").empty() ? 0 : number_metadata(*tensors, "ids_weight"),
      .fit_items = count_metadata(*tensors, "fit_items"),
      .history = count_metadata(*tensors, "history"),
      .recency = number_metadata(*tensors, "recency"),
      .seed = count_metadata(*tensors, "seed")};
  // Rising places below a limit, as the items of a catalogue are.
  space.buckets_ = vocabulary_tensor(*tensors, "buckets", ContentFeatures::kBuckets);
  space.idf_ = tensors->vector("idf", space.buckets_.size());
  space.projection_ = tensors->matrix("projection");
  space.vocabulary_ = vocabulary_tensor(*tensors, "vocabulary", item_count);
  space.vectors_ = tensors->matrix("vectors", space.projection_.cols);
  if (space.projection_.rows != space.buckets_.size())
    refuse(*tensors, "projection has not one row per feature");
  if (space.vectors_.rows != space.vocabulary_.size())
    refuse(*tensors, "vectors has not one row per item of the vocabulary");
  try {
    space.features_ =
        ContentFeatures(nlohmann::json::parse(tensors->metadata("bounds")).get<ContentFeatures::Bounds>());
  } catch (const nlohmann::json::exception&) {
    refuse(*tensors, "the metadata bounds are no lists of numbers by attribute");
  }
  space.file_ = tensors;
  return space;
}

}  // namespace segue::index
