#include <algorithm>
#include <cmath>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/shapes.h"

namespace segue::kernels {
namespace {

bool before(const Scored& a, const Scored& b) {
  return a.score > b.score || (a.score == b.score && a.index < b.index);
}

}  // namespace

std::vector<Scored> CpuBackend::top_k(std::span<const float> scores, std::size_t k,
                                      std::span<const std::uint64_t> allowed) const {
  shapes::top_k(scores, allowed);
  std::vector<Scored> best;  // a heap whose front is the last of the ranking
  if (k == 0) return best;
  best.reserve(std::min(k, scores.size()));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // Indices rise, so a score equal to the front's never enters a full heap; a NaN fails each comparison.
    if (best.size() == k && !(scores[i] > best.front().score)) continue;
    if (std::isnan(scores[i])) continue;
    if (!allowed.empty() && (allowed[i / 64] >> (i % 64) & 1) == 0) continue;
    if (best.size() == k) {
      std::pop_heap(best.begin(), best.end(), before);
      best.pop_back();
    }
    best.push_back({static_cast<std::uint32_t>(i), scores[i]});
    std::push_heap(best.begin(), best.end(), before);
  }
  std::sort_heap(best.begin(), best.end(), before);
  return best;
}

}  // namespace segue::kernels
