#include "index/text/bm25.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "index/text/top_items.h"

namespace segue::index {

double bm25_idf(std::uint64_t documents, std::uint64_t document_frequency) {
  const auto n = static_cast<double>(documents);
  const auto df = static_cast<double>(document_frequency);
  return std::log(1 + (n - df + 0.5) / (df + 0.5));
}

namespace {

// Items are scored window by window: each term adds its share to accumulators that stay in the first-level
// cache.
constexpr ItemId kWindow = 4096;

struct Window {
  std::array<double, kWindow> scores{};
  std::array<std::uint64_t, kWindow / 64> touched{};

  void add(ItemId slot, double score) {
    scores[slot] += score;
    touched[slot / 64] |= 1ull << slot % 64;
  }
};

// Adds a term's items below `end` to the window; returns the position of the first item behind it.
std::size_t add_term(const WeightedPostings& term, std::size_t at, ItemId base, Window& window) {
  const std::vector<ItemId>& items = term.postings->items;
  const std::vector<std::uint32_t>& frequencies = term.postings->frequencies;
  for (; at < items.size() && items[at] - base < kWindow; ++at) {
    const double frequency = frequencies.empty() ? 1 : frequencies[at];
    window.add(items[at] - base, term.weight * term.saturation(frequency, items[at]));
  }
  return at;
}

}  // namespace

RankedItems rank_disjunction(std::span<const WeightedPostings> terms, std::size_t size,
                             const ItemSet* allowed, std::size_t k) {
  std::vector<std::size_t> at(terms.size(), 0);
  Window window;
  TopItems top(std::min(k, size));
  RankedItems result;
  for (;;) {
    ItemId next = kNoItem;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      if (at[t] < terms[t].postings->items.size()) next = std::min(next, terms[t].postings->items[at[t]]);
    }
    if (next == kNoItem) break;
    const ItemId base = next / kWindow * kWindow;
    for (std::size_t t = 0; t < terms.size(); ++t) at[t] = add_term(terms[t], at[t], base, window);

    for (std::size_t word = 0; word < window.touched.size(); ++word) {
      for (std::uint64_t bits = std::exchange(window.touched[word], 0); bits != 0; bits &= bits - 1) {
        const auto slot = static_cast<ItemId>(word * 64) + static_cast<ItemId>(std::countr_zero(bits));
        const ScoredItem found{base + slot, std::exchange(window.scores[slot], 0)};
        if (allowed != nullptr && !allowed->contains(found.item)) continue;
        ++result.total;
        top.offer(found);
      }
    }
  }
  result.items = top.take();
  return result;
}

}  // namespace segue::index
