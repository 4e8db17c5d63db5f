#include "index/model/transformer_measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "index/model/session_encoder.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;
using kernels::Op;

constexpr std::uint32_t kNowhere = 0xffffffffu;
/// Sessions and items of a product: its scores, [64, 2048] floats, stay in a core's second-level cache.
constexpr std::size_t kSessions = 64;
constexpr std::size_t kItems = 2048;

float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (std::size_t c = 0; c < a.size(); ++c) sum += a[c] * b[c];
  return sum;
}

}  // namespace

/// The sessions that one thread ranks at a time.
struct TransformerMeasure::Block {
  std::vector<std::size_t> sequences;  // those that can be ranked
  MatrixBuffer hidden;                 // [sequences, d]
  std::vector<float> wanted;           // the target's score
  std::vector<std::size_t> above, level;
  MatrixBuffer scores;

  /// Counts who of the items [begin, begin + scores.cols) stands above and beside each target.
  void count(const TransformerMeasure& measure, std::size_t begin);
};

TransformerMeasure::TransformerMeasure(std::span<const HeldOut> held_out, std::span<const ItemId> vocabulary,
                                       const ItemSet* ranked, const kernels::Backend& backend,
                                       kernels::ThreadPool& pool)
    : held_out_(held_out), backend_(backend), pool_(pool) {
  std::vector<ItemId> items;
  for (std::size_t row = 0; row < vocabulary.size(); ++row) {
    if (ranked != nullptr && !ranked->contains(vocabulary[row])) continue;
    items.push_back(vocabulary[row]);
    rows_.push_back(static_cast<std::uint32_t>(row));
  }
  const auto place_of = [&](ItemId item) {
    const auto found = std::lower_bound(items.begin(), items.end(), item);
    return found == items.end() || *found != item ? kNowhere
                                                  : static_cast<std::uint32_t>(found - items.begin());
  };
  for (const HeldOut& one : held_out) {
    targets_.push_back(place_of(one.target));
    std::vector<std::uint32_t>& seen = seen_.emplace_back();
    for (const ItemId item : one.prefix) {
      const std::uint32_t place = place_of(item);
      if (place != kNowhere && item != one.target) seen.push_back(place);
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

void TransformerMeasure::gather_rows(const TransformerWeights& weights) {
  const Matrix items = items_.reshape(rows_.size(), weights.config().width);
  const ConstMatrix table = weights.items();
  pool_.run((rows_.size() + kItems - 1) / kItems, [&](std::size_t block) {
    const std::size_t begin = block * kItems;
    const std::size_t count = std::min(kItems, rows_.size() - begin);
    for (std::size_t r = begin; r < begin + count; ++r) {
      std::copy_n(table.row(rows_[r]), table.cols, items.row(r));
    }
    if (weights.config().form == TransformerForm::kSasrec) return;
    const Matrix part = items.rows_at(begin, count);
    backend_.normalize_rows(part, 1, part, {});
  });
}

void TransformerMeasure::Block::count(const TransformerMeasure& measure, std::size_t begin) {
  constexpr float kOut = -std::numeric_limits<float>::infinity();  // below every score
  const Matrix all = scores.view();
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const std::span<float> row = all.row_span(s);
    const auto end = static_cast<std::uint32_t>(begin + row.size());
    const auto& seen = measure.seen_[sequences[s]];
    for (auto place = std::lower_bound(seen.begin(), seen.end(), begin); place != seen.end() && *place < end;
         ++place) {
      row[*place - begin] = kOut;
    }
    // The product may round the target's own score in another way than dot() did.
    const std::size_t target = measure.targets_[sequences[s]];
    if (target >= begin && target < end) row[target - begin] = kOut;
    for (const float score : row) {
      above[s] += score > wanted[s];
      level[s] += score == wanted[s];
    }
  }
}

std::vector<float> TransformerMeasure::ndcg(const TransformerWeights& weights) {
  gather_rows(weights);
  const ConstMatrix all = items_.view();
  const std::size_t d = weights.config().width;
  const SessionEncoder encoder(weights, backend_);
  std::vector<float> values(held_out_.size(), 0.0f);
  pool_.run((held_out_.size() + kSessions - 1) / kSessions, [&](std::size_t number) {
    Block block;
    const Matrix hidden = block.hidden.reshape(kSessions, d);
    const std::size_t end = std::min(held_out_.size(), (number + 1) * kSessions);
    for (std::size_t s = number * kSessions; s < end; ++s) {
      if (targets_[s] == kNowhere) continue;
      const std::vector<float> encoded = encoder.encode(held_out_[s].view());
      if (encoded.empty()) continue;
      std::copy(encoded.begin(), encoded.end(), hidden.row(block.sequences.size()));
      block.wanted.push_back(dot(encoded, all.row_span(targets_[s])));
      block.sequences.push_back(s);
    }
    const std::size_t sessions = block.sequences.size();
    if (sessions == 0) return;
    block.above.resize(sessions);
    block.level.resize(sessions);
    for (std::size_t begin = 0; begin < all.rows; begin += kItems) {
      const ConstMatrix items = all.rows_at(begin, std::min(kItems, all.rows - begin));
      backend_.matmul(hidden.rows_at(0, sessions), Op::kNone, items, Op::kTranspose, 1, 0,
                      block.scores.reshape(sessions, items.rows));
      block.count(*this, begin);
    }
    for (std::size_t s = 0; s < sessions; ++s) {
      const double rank = 1 + static_cast<double>(block.above[s]) + static_cast<double>(block.level[s]) / 2;
      if (rank <= 10) values[block.sequences[s]] = static_cast<float>(1 / std::log2(rank + 1));
    }
  });
  return values;
}

}  // namespace segue::index
