#include "index/suggestions/range_minima.h"

#include <algorithm>
#include <bit>

namespace segue::index {
namespace {

constexpr std::size_t kBlock = 32;

std::size_t level_count(std::size_t blocks) {
  return static_cast<std::size_t>(std::bit_width(blocks));
}

std::int32_t smallest(std::span<const std::int32_t> values) {
  std::int32_t least = values.front();
  for (const std::int32_t value : values) least = std::min(least, value);
  return least;
}

}  // namespace

RangeMinima::RangeMinima(std::span<const std::int32_t> values)
    : values_(values), blocks_((values.size() + kBlock - 1) / kBlock) {
  table_.resize(level_count(blocks_) * blocks_);
  for (std::size_t b = 0; b < blocks_; ++b) {
    table_[b] = smallest(values.subspan(b * kBlock, std::min(kBlock, values.size() - b * kBlock)));
  }
  for (std::size_t level = 1; level < level_count(blocks_); ++level) {
    const std::int32_t* below = table_.data() + (level - 1) * blocks_;
    const std::size_t half = std::size_t{1} << (level - 1);
    for (std::size_t b = 0; b < blocks_; ++b) {
      // What would reach over the end repeats the last block; nobody asks for it.
      table_[level * blocks_ + b] = std::min(below[b], below[std::min(b + half, blocks_ - 1)]);
    }
  }
}

std::int32_t RangeMinima::operator()(std::size_t first, std::size_t last) const {
  const std::size_t first_block =
      (first + kBlock - 1) / kBlock;  // the whole blocks inside are [first_block, last_block)
  const std::size_t last_block = last / kBlock;
  if (first_block >= last_block) return smallest(values_.subspan(first, last - first));
  const std::size_t level = level_count(last_block - first_block) - 1;
  const std::int32_t* row = table_.data() + level * blocks_;
  std::int32_t least = std::min(row[first_block], row[last_block - (std::size_t{1} << level)]);
  if (first < first_block * kBlock) {
    least = std::min(least, smallest(values_.subspan(first, first_block * kBlock - first)));
  }
  if (last_block * kBlock < last) {
    least = std::min(least, smallest(values_.subspan(last_block * kBlock, last - last_block * kBlock)));
  }
  return least;
}

}  // namespace segue::index
