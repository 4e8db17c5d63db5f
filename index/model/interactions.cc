#include "index/model/interactions.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace segue::index {

namespace {
constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();
}

Interactions::Interactions(const TrainingData& data) {
  if (data.sequences() >= kNoRow) throw std::invalid_argument("more than 2^32 - 1 sequences");
  std::vector<std::uint32_t> rows(data.item_count, kNoRow);
  for (const ItemId item : data.items) rows[item] = 0;
  for (ItemId item = 0; item < data.item_count; ++item) {
    if (rows[item] == kNoRow) continue;
    rows[item] = static_cast<std::uint32_t>(vocabulary_.size());
    vocabulary_.push_back(item);
  }

  std::vector<std::pair<std::uint32_t, float>> pairs;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto items = data.sequence(s);
    const auto weights = data.sequence_weights(s);
    pairs.clear();
    for (std::size_t e = 0; e < items.size(); ++e) pairs.emplace_back(rows[items[e]], weights[e]);
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t e = 0; e < pairs.size(); ++e) {
      if (e > 0 && pairs[e].first == pairs[e - 1].first) {
        by_user_.weights.back() += pairs[e].second;
      } else {
        by_user_.others.push_back(pairs[e].first);
        by_user_.weights.push_back(pairs[e].second);
      }
    }
    by_user_.offsets.push_back(by_user_.others.size());
  }

  // The transpose, by counting: users come in rising order by themselves.
  by_item_.offsets.assign(vocabulary_.size() + 1, 0);
  for (const std::uint32_t row : by_user_.others) ++by_item_.offsets[row + 1];
  for (std::size_t i = 0; i < vocabulary_.size(); ++i) by_item_.offsets[i + 1] += by_item_.offsets[i];
  by_item_.others.resize(by_user_.others.size());
  by_item_.weights.resize(by_user_.others.size());
  std::vector<std::size_t> next(by_item_.offsets.begin(), by_item_.offsets.end() - 1);
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    for (std::size_t p = by_user_.offsets[s]; p < by_user_.offsets[s + 1]; ++p) {
      const std::size_t at = next[by_user_.others[p]]++;
      by_item_.others[at] = static_cast<std::uint32_t>(s);
      by_item_.weights[at] = by_user_.weights[p];
    }
  }
}

}  // namespace segue::index
