#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace segue::index {

/// A value of context that models may know, such as device=phone: its place in the snapshot's list of them.
using ContextId = std::uint32_t;

/// Distinct combinations of context values, numbered: many events share one (phone, morning, Monday). Values
/// are numbers below values(), the size of the list that they come from. A value; thread-compatible.
class ContextSets {
 public:
  /// The number of the empty set: nothing is known of the context.
  static constexpr std::uint32_t kNone = 0xffffffffu;

  /// values: how many there are to choose from; add() makes room for more.
  explicit ContextSets(std::size_t values = 0) : value_count_(values) {}

  /// The number of a new set. values: rising.
  std::uint32_t add(std::span<const ContextId> values) {
    if (!values.empty() && values.back() >= value_count_) value_count_ = std::size_t{values.back()} + 1;
    values_.insert(values_.end(), values.begin(), values.end());
    ends_.push_back(values_.size());
    return static_cast<std::uint32_t>(ends_.size() - 1);
  }
  std::size_t size() const noexcept { return ends_.size(); }
  std::size_t values() const noexcept { return value_count_; }
  /// Empty for kNone; set: else below size().
  std::span<const ContextId> operator[](std::uint32_t set) const {
    if (set == kNone) return {};
    const std::size_t begin = set == 0 ? 0 : ends_[set - 1];
    return {values_.data() + begin, ends_[set] - begin};
  }

 private:
  std::size_t value_count_;
  std::vector<std::size_t> ends_;
  std::vector<ContextId> values_;
};

}  // namespace segue::index
