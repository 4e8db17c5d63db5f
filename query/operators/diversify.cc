#include "query/operators/diversify.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

namespace segue::query {
namespace {

using index::ScoredItem;

constexpr std::size_t kHead = 50;

/// Unit vectors as columns [dimension, n], zeros for items without one: the products of one with all others
/// are sums of rows, which compilers turn into vector instructions.
std::vector<float> unit_columns(std::span<const ScoredItem> items, const index::VectorIndex& vectors) {
  std::vector<float> columns(vectors.dimension() * items.size(), 0.0f);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!vectors.contains(items[i].item)) continue;
    const std::vector<float> vector = vectors.vector(items[i].item);
    const float length = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0f));
    if (!(length > 0)) continue;
    for (std::size_t d = 0; d < vector.size(); ++d) columns[d * items.size() + i] = vector[d] / length;
  }
  return columns;
}

}  // namespace

const index::VectorIndex* likeness_space(const index::Snapshot& snapshot) {
  for (const std::string_view space : {"words", "transformer", "mf", "content"}) {
    const index::VectorIndex* vectors = snapshot.vectors(space);
    if (vectors != nullptr && vectors->size() > 0) return vectors;
  }
  return nullptr;
}

std::vector<ScoredItem> diversify(std::vector<ScoredItem> popular, double share,
                                  const index::VectorIndex& vectors) {
  if (!(share > 0) || popular.empty()) return popular;
  const double twin = std::log1p(-share);
  const std::size_t n = std::min(kDiversified, popular.size());
  const std::vector<float> columns = unit_columns(std::span(popular).first(n), vectors);
  std::vector<float> likeness(n, 0.0f);  // to the nearest of those chosen
  std::vector<float> products(n);
  const auto score = [&](std::size_t i) {
    return popular[i].score + twin * static_cast<double>(std::min(1.0f, likeness[i]));
  };

  std::vector<std::size_t> left(n);
  std::iota(left.begin(), left.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return index::ranks_before({popular[a].item, score(a)}, {popular[b].item, score(b)});
  };
  std::vector<ScoredItem> chosen;
  while (!left.empty() && chosen.size() < kHead) {
    const auto best = std::min_element(left.begin(), left.end(), before);
    const std::size_t next = *best;
    left.erase(best);
    chosen.push_back({popular[next].item, score(next)});
    std::fill(products.begin(), products.end(), 0.0f);
    for (std::size_t d = 0; d < vectors.dimension(); ++d) {
      const float* row = columns.data() + d * n;
      const float own = row[next];
      for (std::size_t i = 0; i < n; ++i) products[i] += own * row[i];
    }
    for (std::size_t i = 0; i < n; ++i) likeness[i] = std::max(likeness[i], products[i]);
  }
  std::sort(left.begin(), left.end(), before);
  for (const std::size_t i : left) chosen.push_back({popular[i].item, score(i)});
  for (std::size_t i = n; i < popular.size(); ++i)
    chosen.push_back({popular[i].item, popular[i].score + twin});
  return chosen;
}

}  // namespace segue::query
