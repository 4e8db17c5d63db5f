#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

#define HWY_TARGET_INCLUDE "kernels/cpu/top_k_impl.h"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes the loops for all sets but the baseline.
#include "kernels/cpu/top_k_impl.h"

namespace segue::kernels {
namespace {

/// The best k of what was added in rising order of index, in amortised constant time each: candidates gather
/// until there are about twice k, then the worse half goes, and its best score is the bar for those that
/// follow.
class Candidates {
 public:
  Candidates(std::size_t k, std::size_t all)
      : k_(k), capacity_(std::min(k + std::max<std::size_t>(k, 64), all + 1)) {
    entries_.reserve(capacity_);
  }

  bool full() const { return full_; }
  /// Only a score above it can still enter, once full: an equal one comes later and so ranks lower.
  float bar() const { return bar_; }

  void add(std::uint32_t index, float score) {
    entries_.push_back({index, score});
    if (entries_.size() == capacity_) {
      keep_best();
      bar_ = entries_[k_ - 1].score;
      full_ = true;
    }
  }

  std::vector<Scored> ranking() && {
    if (entries_.size() > k_) keep_best();
    std::sort(entries_.begin(), entries_.end(), before);
    return std::move(entries_);
  }

 private:
  static bool before(const Scored& a, const Scored& b) {
    return a.score > b.score || (a.score == b.score && a.index < b.index);
  }

  void keep_best() {
    std::nth_element(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(k_ - 1), entries_.end(),
                     before);
    entries_.resize(k_);
  }

  std::size_t k_;
  std::size_t capacity_;
  std::vector<Scored> entries_;
  float bar_ = 0;
  bool full_ = false;
};

}  // namespace

HWY_EXPORT(next_block_above);

std::vector<Scored> CpuBackend::top_k(std::span<const float> scores, std::size_t k,
                                      std::span<const std::uint64_t> allowed) const {
  shapes::top_k(scores, allowed);
  k = std::min(k, scores.size());
  if (k == 0) return {};
  Candidates candidates(k, scores.size());
  const auto may = [&](std::size_t i) { return allowed.empty() || (allowed[i / 64] >> (i % 64) & 1) != 0; };
  const auto add = [&](std::size_t i) { candidates.add(static_cast<std::uint32_t>(i), scores[i]); };

  std::size_t i = 0;
  for (; i < scores.size() && (!candidates.full() || i % 64 != 0); ++i) {
    const bool enters = candidates.full() ? scores[i] > candidates.bar() : !std::isnan(scores[i]);
    if (enters && may(i)) add(i);
  }
  const auto next = HWY_DYNAMIC_DISPATCH(next_block_above);
  const std::size_t blocks = (scores.size() + 63) / 64;
  std::uint64_t bits = 0;
  for (std::size_t block = (i + 63) / 64; block < blocks; ++block) {
    block = next(scores, allowed, block, candidates.bar(), bits);
    if (block == blocks) break;
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t hit = 64 * block + static_cast<std::size_t>(std::countr_zero(bits));
      if (scores[hit] > candidates.bar()) add(hit);
    }
  }
  return std::move(candidates).ranking();
}

}  // namespace segue::kernels
